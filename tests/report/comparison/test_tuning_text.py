import json

from simslab.report.comparison.tuning_text import (
    ObjectiveCell,
    TuningRow,
    TuningTable,
    tuning_document,
    tuning_text,
)


def table(recommended=(30, 15, 8), **more):
    rows = (
        TuningRow((120, 60, 8), True, {"latency.p99 (ns)": ObjectiveCell(100.0, 0.0, 0.0, 0.0)}),
        TuningRow((30, 15, 8), True, {"latency.p99 (ns)": ObjectiveCell(90.0, -10.0, -12.0, -8.0)}),
    )
    line, sure = 'echo "pool_workqueue 30 15 8" > /proc/slabinfo', "Bonferroni-t over 1 comparison"
    tunables = ("limit", "batchcount", "shared")
    return TuningTable("mixed for w on m", "pool_workqueue", "mixed", tunables, rows, recommended, sure, line, **more)


def test_the_recommendation_stands_with_its_interval_and_line():
    text = tuning_text(table())
    assert "Recommended, for latency.p99 (ns): 30 15 8, -10.0 % (-12.0 .. -8.0) against the default." in text
    assert text.endswith('echo "pool_workqueue 30 15 8" > /proc/slabinfo\n')
    assert "mixed is an alias of pool_workqueue" in text


def test_the_kernels_own_is_recommended_in_words():
    assert "Recommended: the kernel's own" in tuning_text(table((120, 60, 8)))


def test_the_document_is_plain_data():
    document = json.loads(json.dumps(tuning_document(table())))
    assert document["recommended"] == [30, 15, 8]
    assert document["rows"][1]["objectives"]["latency.p99 (ns)"]["low"] == -12.0

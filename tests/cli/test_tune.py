import json

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app

COMMON = ["tune", "one-node", "local-churn", "churn", "--set", "scale=0.01", "--seeds", "2", "--jobs", "1"]


def invoke(*options):
    return CliRunner().invoke(app, [*COMMON, *options], catch_exceptions=False)


def test_a_tuning_is_recommended_with_its_line():
    done = invoke("--limit", "8,x1")
    assert done.exit_code == 0
    assert "Recommended" in done.output
    assert '" > /proc/slabinfo' in done.output
    assert "Pareto front" in done.output


def test_the_result_as_json():
    document = json.loads(invoke("--limit", "8", "--json").output)
    assert len(document["rows"]) == 2
    assert document["format"] == "simslab-tuning"


def test_mistakes_are_told():
    with pytest.raises(UserError, match="did you mean 'throughput'"):
        invoke("--objective", "througput")
    with pytest.raises(UserError, match="is no limit"):
        invoke("--limit", "many")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--limit", "60,1000000"], "--limit 1000000: tunables.churn.limit: 1000000 cannot stand here"),
        (["--shared", "8,9999"], "--shared 9999: tunables.churn.shared: 9999 cannot stand here"),
        (["--batchcount", "30,30"], "--batchcount: '30' is there twice; expected values, each once"),
        (["--limit", "8:5000", "--trials", "2"], "--limit 5000: tunables.churn.limit: 5000 cannot stand here"),
        (["--limit", ","], "--limit: an axis needs values; expected values, each once"),
    ],
)
def test_a_mistake_in_a_value_is_told_of_its_option(options, told):
    with pytest.raises(UserError, match=f"^{told}"):
        invoke(*options)


def test_slub_is_tuned_by_its_attributes():
    done = invoke("--set", "workload.kernel.allocator=slub", "--cpu-partial", "0,x1", "--objective", "throughput")
    assert done.exit_code == 0
    assert "cpu_partial min_partial remote_node_defrag_ratio order" in done.output
    assert "> /sys/kernel/slab/" in done.output


def test_a_refused_tuning_is_told_and_the_status_is_1_beside_the_table_of_the_others():
    done = invoke("--limit", "30,4094", "--batchcount", "30,4094", "--shared", "0,1024", "--objective", "latency.mean")
    assert done.exit_code == 1
    assert "(ENOMEM)" in done.stderr
    assert "Recommended" in done.stdout

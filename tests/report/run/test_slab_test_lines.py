import pytest

from simslab.report.run.slab_test_lines import SHAPES, slab_test_lines, slab_test_text
from simslab.result.measurement import LatencyRow, Measurement
from simslab.workload.description.library import workload_names


def measured(workload):
    rows = [
        LatencyRow("alloc", "hit", "kmalloc-4k", (400,), (10,)),
        LatencyRow("free", "hit", "kmalloc-4k", (300,), (10,)),
        LatencyRow("alloc", "hit", "kmalloc-8", (40, 60), (9, 1)),
        LatencyRow("alloc", "grow", "kmalloc-8", (1000,), (10,)),
        LatencyRow("free", "hit", "kmalloc-8", (30,), (20,)),
        LatencyRow("alloc", "hit", "dentry", (30,), (20,)),
    ]
    return Measurement("m", workload, 1, 10**9, 1000, latency=rows)


@pytest.mark.parametrize(
    ("workload", "first", "last"),
    [
        (
            "slab_test-1",
            "20 times kmalloc(8) -> 521 cycles kfree -> 30 cycles",
            "10 times kmalloc(4096) -> 400 cycles kfree -> 300 cycles",
        ),
        ("slab_test-2", "20 times kmalloc(8)/kfree -> 551 cycles", "10 times kmalloc(4096)/kfree -> 700 cycles"),
        ("slab_test-3", "Kmalloc N*alloc N*free(8): Average=521/30", "Kmalloc N*alloc N*free(4096): Average=400/300"),
        ("slab_test-6", "1 alloc N free(8): 0=521 others=30", "1 alloc N free(4096): 0=400 others=300"),
    ],
)
def test_each_size_has_a_line_in_order_of_size(workload, first, last):
    assert list(slab_test_lines(measured(workload))) == [first, last]


def test_other_workloads_have_none():
    assert slab_test_text(measured("larson")) is None


def test_every_shipped_experiment_has_a_shape():
    assert {name for name in workload_names() if name.startswith("slab_test")} == set(SHAPES)

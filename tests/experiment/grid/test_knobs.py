import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.knobs import TUNABLES, Knobs, option
from simslab.slub.allocator import TUNABLES as OF_SLUB

SLAB = Knobs("slab", "kmalloc-64", (120, 60, 8))
SLUB = Knobs("slub", "kmalloc-64", (30, 5, 100, 0))


def test_the_line_for_slab_writes_all_three_to_slabinfo():
    assert SLAB.lines((30, 15, 0)) == 'echo "kmalloc-64 30 15 0" > /proc/slabinfo'


def test_the_lines_for_slub_write_each_attribute():
    assert SLUB.lines((0, 6, 50, 0)).splitlines() == [
        "echo 0 > /sys/kernel/slab/kmalloc-64/cpu_partial",
        "echo 6 > /sys/kernel/slab/kmalloc-64/min_partial",
        "echo 50 > /sys/kernel/slab/kmalloc-64/remote_node_defrag_ratio",
    ]


def test_another_order_is_told_as_boot_parameters_since_the_attribute_cannot_be_written():
    assert SLUB.lines((30, 5, 100, 2)).splitlines()[-1] == (
        "# kernel command line, for all caches: slub_min_order=2 slub_max_order=2"
    )


def test_a_point_sets_the_order_only_where_it_is_not_the_caches_own():
    assert SLUB.point("churn", (0, 5, 100, 0)) == {
        "tunables.churn.cpu_partial": "0",
        "tunables.churn.min_partial": "5",
        "tunables.churn.remote_node_defrag_ratio": "100",
    }
    assert SLUB.point("churn", (0, 5, 100, 1))["workload.kernel.slub_max_order"] == "1"


def test_what_is_searched_with_slub_is_what_it_lets_one_tune_and_the_order():
    assert TUNABLES["slub"] == (*OF_SLUB, "order")


@pytest.mark.parametrize(("knobs", "foreign"), [(SLAB, "order"), (SLUB, "batchcount")])
def test_a_tunable_of_the_other_allocator_is_told_with_its_option(knobs, foreign):
    with pytest.raises(UserError, match=f"'{foreign}' is not a tunable of") as told:
        knobs.check({foreign: ["1"]})
    assert told.value.problems[0].file == f"--{foreign}"
    assert option("cpu_partial") == "--cpu-partial"

import pytest

from simslab.experiment.figures.metric_families import FAMILIES, LOCKS, SOURCES, lock_class
from simslab.experiment.figures.observation import Observation
from simslab.experiment.figures.selection import Selection
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.result.measurement import AttributionRow, LatencyRow, LockRow, Measurement, NodeRow, TransferRow
from simslab.result.parked import ParkedRow

EVERYTHING = Selection()


def value(name, chosen=EVERYTHING, parked=(), **parts):
    """A family's figure of a measurement of 1 GHz and 1,000 cycles, a cycle a nanosecond."""
    return FAMILIES[name].value(Observation(Measurement("m", "w", 1, 10**9, 1000, **parts), parked), chosen)


def lock(name, wait, hold=9):
    return LockRow(name, "site", 4, 2, 0, wait, wait, hold, hold, hold)


LATENCY = [LatencyRow("alloc", "hit", "a", (40, 60), (3, 1)), LatencyRow("free", "hit", "b", (20,), (4,))]


@pytest.mark.parametrize(
    ("name", "all_of_it", "of_free"),
    [
        ("operations", 8, 4),
        ("throughput", 8e6, 4e6),
        ("latency.mean", 32.5, 20),
        ("latency.p50", 20, 20),
        ("latency.max", 60, 20),
    ],
)
def test_figures_of_latency_are_of_what_is_selected(name, all_of_it, of_free):
    assert value(name, latency=LATENCY) == all_of_it
    assert value(name, Selection(first="free"), latency=LATENCY) == of_free


@pytest.mark.parametrize("name", ["latency.mean", "latency.p99", "cause.l1", "remote.alloc_share", "memory.slabs"])
def test_a_figure_of_nothing_is_none(name):
    assert value(name) is None


def test_a_cause_is_a_mean_over_the_operations_whatever_else_they_spent():
    rows = [AttributionRow("alloc", "hit", 4, 180, {"l1": 100, "l2": 80}), AttributionRow("free", "hit", 1, 10, {})]
    assert value("cause.l1", attribution=rows) == 20
    assert value("cause.l1", Selection(first="alloc"), attribution=rows) == 25


def test_waits_add_up_and_the_longest_is_the_longest():
    locks = [lock("a:list_lock", 80), lock("b:list_lock", 20), lock("a:alien_lock", 500)]
    chosen = Selection(first="list_lock")
    assert (value("lock.wait", chosen, locks=locks), value("lock.wait_max", chosen, locks=locks)) == (100, 80)
    assert value("lock.wait", Selection(first="list_lock", place="b"), locks=locks) == 20


def test_the_class_of_a_lock_is_its_name_without_the_cache():
    assert [lock_class(lock(name, 0)) for name in ("a:list_lock", "zone.lock")] == ["list_lock", "zone.lock"]


def test_remote_objects_are_those_of_other_nodes():
    nodes = [NodeRow(0, (6, 1), (2, 3), {}), NodeRow(1, (1, 2), (0, 5), {})]
    assert (value("remote.allocs", nodes=nodes), value("remote.frees", nodes=nodes)) == (2, 3)
    assert value("remote.alloc_share", nodes=nodes) == 20


def test_parked_memory_is_in_bytes_of_all_caches_or_of_one():
    parked = (ParkedRow("a", 64, 10, 2, 1, 5, 3), ParkedRow("b", 8, 1, 0, 0, 2, 1))
    assert value("memory.arrays", parked=parked) == 64 * 13 + 8
    assert value("memory.free_in_slabs", Selection(first="b"), parked=parked) == 16
    assert value("memory.slabs", parked=parked) == 4 * 4096


def test_bytes_from_other_nodes_are_lines_of_64():
    rows = [TransferRow(0, "remote_dram", 5, 1), TransferRow(1, "l3", 7, 1), TransferRow(1, "remote_cache", 2, 1)]
    assert value("traffic.lines", transfers=rows) == 14
    assert value("traffic.remote_bytes", transfers=rows) == 7 * 64
    assert value("traffic.remote_bytes", Selection(place="node1"), transfers=rows) == 2 * 64


def test_every_cause_has_a_family():
    assert {name.removeprefix("cause.") for name in FAMILIES if name.startswith("cause.")} == set(CAUSE_NAMES)


def test_every_family_tells_unit_direction_and_meaning():
    for family in FAMILIES.values():
        assert family.better in ("lower", "higher", "")
        assert family.meaning
        assert family.unit in ("ns", "bytes", "%", "operations/s", "")


@pytest.mark.parametrize(("name", "known"), [("lock.wait", LOCKS), ("traffic.lines", SOURCES)])
def test_a_family_reads_the_names_that_it_divides_by(name, known):
    assert [FAMILIES[name].parse(one).first for one in known] == list(known)

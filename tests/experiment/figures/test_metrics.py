import pytest

from simslab.base.errors import UserError
from simslab.experiment.figures.metric_families import FAMILIES
from simslab.experiment.figures.metrics import DEFAULT, families, figures, metric, metrics
from simslab.experiment.figures.observation import Observation, observe
from simslab.experiment.inputs import load_inputs
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.result.measurement import (
    AttributionRow,
    InterruptRow,
    IrqOffRow,
    LatencyRow,
    LockRow,
    Measurement,
    NodeRow,
    TransferRow,
)
from simslab.result.parked import ParkedRow


def lock(name, wait):
    return LockRow(name, "site", 4, 2, 0, wait, wait, 1, 5, 9)


@pytest.fixture
def observation():
    measurement = Measurement(
        "m",
        "w",
        1,
        2 * 10**9,
        1000,
        latency=[
            LatencyRow("alloc", "hit", "a", (40, 60), (3, 1)),
            LatencyRow("alloc", "grow", "b", (900,), (1,)),
            LatencyRow("free", "hit", "a", (20,), (4,)),
        ],
        attribution=[
            AttributionRow("alloc", "hit", 4, 180, {"instructions": 100, "lock_wait": 80}),
            AttributionRow("free", "hit", 4, 80, {"instructions": 80}),
        ],
        locks=[lock("a:list_lock", 80), lock("zone.lock", 1000), lock("b:list_lock", 20), lock("a:alien_lock", 6)],
        nodes=[NodeRow(0, (4, 0), (1, 2), {"numa_hit": 3}), NodeRow(1, (0, 0), (1, 0), {"numa_hit": 4})],
        irqs_off=[IrqOffRow("kfree", 1, 50, 50, (50,), (1,)), IrqOffRow("do_drain", 2, 90, 70, (20, 70), (1, 1))],
        interrupts=[InterruptRow("timer", 3, 1, 40, 30, 9)],
        transfers=[
            TransferRow(0, "remote_dram", 5, 900),
            TransferRow(1, "l3", 7, 300),
            TransferRow(1, "remote_cache", 2, 9),
        ],
        events={"settles": 12},
    )
    parked = (ParkedRow("a", 64, 5, 3, 2, 7, 4), ParkedRow("b", 128, 1, 0, 0, 0, 1))
    return Observation(measurement, parked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("throughput", 9 / 500e-9),
        ("throughput:alloc", 5 / 500e-9),
        ("operations:alloc/grow", 1),
        ("time", 500),
        ("latency.mean", (3 * 40 + 60 + 900 + 4 * 20) / 9 / 2),
        ("latency.mean:alloc/hit", 22.5),
        ("latency.p99:free", 10),
        ("latency.p50:alloc@a", 20),
        ("latency.max:@b", 450),
        ("latency.max:alloc@b", 450),
        ("latency.max:free@b", None),
        ("cause.lock_wait", 80 / 8 / 2),
        ("cause.lock_wait:alloc", 10),
        ("cause.lock_wait:free/hit", 0),
        ("lock.wait", 553),
        ("lock.wait:list_lock", 50),
        ("lock.wait:list_lock@b", 10),
        ("lock.wait:alien_lock", 3),
        ("lock.contended:list_lock", 4),
        ("lock.acquisitions", 16),
        ("lock.wait_max:zone.lock", 500),
        ("lock.hold_max", 2.5),
        ("remote.frees", 3),
        ("remote.free_share", 75),
        ("remote.alloc_share", 0),
        ("memory.arrays", 10 * 64 + 128),
        ("memory.arrays:b", 128),
        ("memory.free_in_slabs:a", 448),
        ("memory.slabs", 5 * 4096),
        ("irqs_off.max", 35),
        ("irqs_off.total:kfree", 25),
        ("irqs_off.max:cache_alloc_refill", 0),
        ("irqs_off.max:__slab_alloc", 0),
        ("irq_delay.max", 15),
        ("irq_delay.max:nic", None),
        ("traffic.lines", 14),
        ("traffic.lines:remote_dram@node0", 5),
        ("traffic.lines:@node1", 9),
        ("traffic.lines:remote_cache@node0", 0),
        ("traffic.lines:remote_dram@node7", None),
        ("traffic.remote_bytes:@node7", None),
        ("traffic.remote_bytes", 7 * 64),
        ("pages.numa_hit", 7),
        ("events.settles", 12),
        ("events.slab_errors", None),
    ],
)
def test_a_metric_is_what_its_name_says(observation, name, value):
    found = metric(name).value(observation)
    assert found == (None if value is None else pytest.approx(value, rel=1e-6, abs=5e-4))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("latncy.p99", "latency.p99"),
        ("lock.wait:list_lok", "list_lock"),
        ("latency.p99:alloc/refil_shared", "refill_shared"),
        ("latency.p99:allloc", "alloc"),
        ("traffic.lines:remote_dam", "remote_dram"),
        ("irqs_off.max:cache_alloc_refil", "cache_alloc_refill"),
        ("irqs_off.total:__slab_aloc", "__slab_alloc"),
    ],
)
def test_an_unknown_name_is_told_with_its_near_miss(name, near):
    with pytest.raises(UserError) as caught:
        metric(name)
    assert caught.value.problems[0].near == near


@pytest.mark.parametrize("place", ["nod0", "0", "node", "node0x"])
def test_what_cannot_be_a_node_is_refused(place):
    with pytest.raises(UserError, match=f"'l3@{place}': '{place}' is no node; expected @node0, @node1"):
        metric(f"traffic.lines:l3@{place}")


def test_a_figure_without_parts_selects_nothing():
    with pytest.raises(UserError, match="is one figure"):
        metric("time:alloc")


def test_every_default_is_a_metric_and_a_real_run_has_a_value_for_each():
    observation = observe(load_inputs("two-socket", "mixed-remote", ["scale=0.01"]), 1)
    assert None not in figures(observation, metrics(DEFAULT)).values()
    assert figures(observation, metrics(["memory.arrays:pool_workqueue"]))["memory.arrays:pool_workqueue"] > 0


@pytest.mark.parametrize("name", ["operations:alloc@", "latency.max:@", "lock.wait:list_lock@", "memory.slabs:"])
def test_a_merged_cache_goes_by_both_its_names_and_an_unknown_one_has_no_figure(name):
    observation = observe(load_inputs("two-socket", "mixed-remote", ["scale=0.01"]), 1)
    found = figures(observation, metrics(name + cache for cache in ("mixed", "pool_workqueue", "mixd", "kmalloc-8k")))
    assert found[f"{name}mixed"] == found[f"{name}pool_workqueue"] > 0
    assert found[f"{name}mixd"] is None
    assert found[f"{name}kmalloc-8k"] == (None if name.startswith("latency") else 0)


def test_a_run_of_nothing_has_a_value_or_none_for_every_family():
    empty = Observation(Measurement("m", "w", 1, 10**9, 0))
    assert {metric(family.name).value(empty) for family in families()} <= {None, 0}


def test_every_cause_has_its_metric():
    assert {f"cause.{name}" for name in CAUSE_NAMES} <= set(FAMILIES)


def test_every_family_tells_its_meaning():
    assert [family.name for family in families() if not family.meaning] == []

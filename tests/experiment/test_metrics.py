import pytest

from simslab.experiment.metrics import list_locks, metrics
from simslab.result.measurement import IrqOffRow, LatencyRow, LockRow, Measurement, NodeRow


def lock(name, wait):
    return LockRow(name, "site", 4, 2, 0, wait, wait, 1, 5, 9)


@pytest.fixture
def measurement():
    return Measurement(
        "m",
        "w",
        1,
        2 * 10**9,
        1000,
        latency=[
            LatencyRow("alloc", "hit", "a", (40, 60), (3, 1)),
            LatencyRow("free", "hit", "a", (20,), (4,)),
        ],
        locks=[lock("list_lock of a node 0", 80), lock("zone.lock node 0", 1000), lock("list_lock of b node 1", 20)],
        nodes=[NodeRow(0, (4, 0), (1, 2), {}), NodeRow(1, (0, 0), (1, 0), {})],
        irqs_off=[IrqOffRow("x", 1, 50, 50, (50,), (1,)), IrqOffRow("y", 2, 90, 70, (20, 70), (1, 1))],
    )


def test_latencies_are_in_ns_for_all_and_by_operation(measurement):
    found = metrics(measurement)
    assert found["latency mean (ns)"] == pytest.approx((3 * 40 + 60 + 4 * 20) / 8 / 2)
    assert found["alloc latency mean (ns)"] == pytest.approx(22.5)
    assert found["free latency p99 (ns)"] == 10.0
    assert found["alloc latency p50 (ns)"] == 20.0


def test_only_list_locks_count(measurement):
    found = metrics(measurement)
    assert [row.wait_total for row in list_locks(measurement)] == [80, 20]
    assert found["list_lock wait (ns)"] == 50.0
    assert found["list_lock contended"] == 4


def test_a_free_is_remote_when_its_memory_is_elsewhere(measurement):
    assert metrics(measurement)["remote frees"] == 3


def test_the_longest_stretch_with_interrupts_off_counts(measurement):
    assert metrics(measurement)["interrupts off max (ns)"] == 35.0


def test_every_run_has_the_same_metrics_in_the_same_order(measurement):
    assert list(metrics(Measurement("m", "w", 1, 10**9, 0))) == list(metrics(measurement))
    assert set(metrics(Measurement("m", "w", 1, 10**9, 0)).values()) == {0.0}

"""What the rows of a measurement say of a run, and that they agree with each other."""

from itertools import pairwise

import pytest
from small_runs import CHURN, group, run

from simslab.machine.library import load_machine
from simslab.slab import paths
from simslab.workload.description.library import load_workload
from simslab.workload.run.collect import path_name
from simslab.workload.run.runner import run_workload


@pytest.fixture(scope="module")
def measurement():
    return run_workload(load_machine("two-socket"), load_workload("network-receive", ["scale=0.05"]))


def test_delays_by_call_site_add_up_to_the_interrupts_delivered(measurement):
    assert measurement.irq_delays
    for row in measurement.interrupts:
        delays = [delay for delay in measurement.irq_delays if delay.vector == row.vector]
        assert sum(delay.count for delay in delays) == row.delivered
        assert sum(delay.total for delay in delays) == row.delay_total
        assert max(delay.maximum for delay in delays) == row.delay_max
        for delay in delays:
            assert sum(delay.counts) == delay.count
            assert sum(c * n for c, n in zip(delay.cycles, delay.counts, strict=True)) == delay.total


def test_every_packet_comes_by_an_interrupt_or_is_found_while_polling(measurement):
    nic = next(row for row in measurement.interrupts if row.vector == "nic")
    receive = next(row for row in measurement.softirqs if row.name == "NET_RX")
    assert nic.delivered + measurement.events["bursts_polled"] == 100
    assert receive.raised >= nic.delivered
    assert 0 < receive.ran <= receive.raised


def handled(interrupted):
    """A run whose handlers allocate while CPU 0 does nothing, or `interrupted` operations without a pause."""
    device = {"name": "nic", "cpu": 0, "every": "20 us", "interrupts": 50, "kmalloc": 64, "ring": 4096}
    step = CHURN | {"operations": 40_000} if interrupted else {"pattern": "work", "time": "2 ms"}
    groups = [{"name": "busy", "cpus": 0, "steps": [step]}]
    groups.append({"name": "reader", "cpus": 1, "steps": [{"pattern": "consume", "of": "nic"}]})
    return run("one-node", *groups, devices=[device])


def test_what_handlers_do_inside_operations_is_told_to_be_counted_twice():
    measured = handled(interrupted=True)
    threads = sum(cpu.operation_cycles for cpu in measured.cpus)
    total = sum(row.total for row in measured.attribution)
    twice = measured.events["cycles_counted_twice"]
    assert measured.events["operations_in_handlers"] == 50
    assert 0 < twice <= sum(row.causes.get("irq_handler", 0) for row in measured.attribution)
    assert threads <= total - twice < total


def test_what_handlers_do_between_operations_is_counted_once():
    assert handled(interrupted=False).events["cycles_counted_twice"] == 0


def test_paths_are_named_without_their_operation():
    names = [path_name(path) for path in range(paths.NR_PATHS)]
    assert {"hit", "refill_shared", "grow", "alien"} <= set(names)
    assert not any(name.startswith(("alloc_", "free_")) for name in names)


def test_phases_follow_one_another_to_the_threads_end():
    work = {"pattern": "work", "time": "2 us"}
    measured = run("one-node", group(CHURN, work, {"pattern": "barrier"}, CHURN))
    for thread in ("a/0", "a/1"):
        rows = [row for row in measured.phases if row.thread == thread]
        assert [row.phase.split()[1:] for row in rows] == [
            ["1", "alloc_free"], ["2", "work"], ["3", "barrier"], ["4", "alloc_free"],
        ]  # fmt: skip
        cpu = next(cpu for cpu in measured.cpus if cpu.cpu == rows[0].cpu)
        assert sum(row.cycles for row in rows) == cpu.clock
        assert rows[1].cycles >= 2 * measured.frequency_hz // 10**6


def test_rows_are_in_the_order_of_their_names():
    measured = run("two-socket", group(CHURN, cpus="all"))
    keys = [(row.operation, row.path, row.cache) for row in measured.latency]
    assert keys == sorted(keys)
    sites = [row.site for row in measured.irqs_off]
    assert sites == sorted(sites)
    assert [row.cpu for row in measured.cpus] == sorted(row.cpu for row in measured.cpus)


def test_a_histogram_is_in_ascending_order_and_has_its_total():
    for row in run("one-node", group(CHURN)).irqs_off:
        assert all(low < high for low, high in pairwise(row.cycles))
        assert sum(c * n for c, n in zip(row.cycles, row.counts, strict=True)) == row.total
        assert (sum(row.counts), row.cycles[-1]) == (row.count, row.maximum)


def test_what_was_transferred_before_the_region_is_not_counted():
    warm = CHURN | {"operations": 4000}
    region = {"pattern": "barrier", "begin_region": True}
    idle = {"pattern": "work", "time": "1 us"}
    measured = run("two-socket", group(warm, region, idle, cpus=[0, 31]), kernel={"reap": False})
    assert sum(row.lines for row in measured.transfers) < 100
    assert sum(row.acquisitions for row in measured.locks) == 0
    assert measured.attribution == []


def test_a_debug_kernel_tells_its_errors_and_another_none():
    plain = run("one-node", group(CHURN | {"operations": 40}))
    debug = run("one-node", group(CHURN | {"operations": 40}), kernel={"debug_slab": True})
    assert "slab_errors" not in plain.events
    assert debug.events["slab_errors"] == 0

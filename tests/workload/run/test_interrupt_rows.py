"""What a run with a network card says of interrupts: who delayed them, which softirqs served them."""

import pytest

from simslab.machine.library import load_machine
from simslab.workload.description.library import load_workload
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

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg.page_counter import PageCounter


@pytest.fixture
def cpu(machine):
    return machine.cpus[0]


@pytest.fixture
def counters():
    root = PageCounter(0x1000)
    return PageCounter(0x2000, 10, root), root


def test_pages_are_charged_to_the_counter_and_to_all_above(cpu, counters):
    own, root = counters
    assert own.try_charge(cpu, 7)
    own.uncharge(cpu, 3)
    assert (own.usage, root.usage, own.watermark) == (4, 4, 7)


@pytest.mark.parametrize("limited", [0, 1])
def test_a_limit_anywhere_leaves_nothing_charged(cpu, counters, limited):
    own, root = counters
    own.limit, root.limit = (10, 100) if limited == 0 else (100, 10)
    assert own.try_charge(cpu, 10)
    assert not own.try_charge(cpu, 1)
    assert (own.usage, root.usage) == (10, 10)
    assert [counter.failcnt for counter in counters] == [1 - limited, limited]


def test_a_forced_charge_exceeds_the_limit(cpu, counters):
    counters[0].charge(cpu, 11)
    assert [counter.usage for counter in counters] == [11, 11]


def test_a_counter_never_falls_below_zero(cpu, counters):
    with pytest.raises(KernelBugError, match="below 0"):
        counters[0].uncharge(cpu, 1)


def test_every_level_takes_its_line(cpu, counters):
    before = cpu.now
    counters[1].try_charge(cpu, 1)
    one = cpu.now - before
    counters[0].try_charge(cpu, 1)
    assert cpu.now - before - one > one / 2

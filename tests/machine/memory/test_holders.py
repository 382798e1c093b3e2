import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory import states
from simslab.machine.memory.holders import Holders


@pytest.mark.parametrize("cores_each", [1, 63, 64, 65, 128, 1024])
@given(data=st.data())
def test_a_row_tells_the_one_other_core_several_or_nobody(cores_each, data):
    filters = Holders([core // cores_each for core in range(2 * cores_each)], 2)
    row, held = filters.filter_row(1, 4711), set()
    cores = st.integers(cores_each, 2 * cores_each - 1)
    for core in data.draw(st.lists(cores, max_size=20)):
        if core in held:
            filters.drop_core(row, core)
            held.remove(core)
        else:
            filters.add_core(row, core)
            held.add(core)
        others = held - {core}
        expected = states.SEVERAL if len(others) > 1 else min(others, default=states.NOBODY)
        assert filters.another(1, row, core) == expected
        assert filters.held(row) == (1 if held else 0)


def test_cores_of_a_domain_need_not_be_numbered_together():
    filters = Holders([0, 1, 0, 1], 2)
    row = filters.filter_row(1, 4711)
    filters.add_core(row, 3)
    assert filters.another(1, row, 1) == 3


def test_more_than_1024_cores_in_a_domain_are_refused():
    with pytest.raises(ValueError, match="1025 cores in an L3 domain, at most 1024"):
        Holders([0] * 1025, 1)


def listed(holders, row, domains):
    return {domain for domain in range(domains) if holders.holds(row, domain)}


@pytest.mark.parametrize("domains", [1, 63, 64, 65, 128, 1024])
@given(data=st.data())
def test_a_row_names_exactly_the_domains_that_were_admitted(domains, data):
    holders = Holders(range(domains), domains)
    row, expected = holders.entry(4711), set()
    for domain in data.draw(st.lists(st.integers(0, domains - 1), max_size=20)):
        if domain in expected:
            holders.leave(row, domain)
            expected.remove(domain)
        else:
            holders.admit(row, domain, states.NOBODY)
            expected.add(domain)
        assert listed(holders, row, domains) == expected
        assert holders.is_alone(row, domain) == (expected == {domain})
        assert holders.others(row, domain) == (1 if expected - {domain} else 0)


def test_who_takes_a_line_is_its_only_holder_and_owner():
    holders = Holders(range(100), 100)
    row = holders.entry(4711)
    for domain in (3, 70, 99):
        holders.admit(row, domain, domain)
    assert holders.forwarder_of(row) == 99
    holders.take(row, 70)
    assert (listed(holders, row, 100), holders.owner_of(row), holders.forwarder_of(row)) == ({70}, 70, -1)


def test_who_leaves_neither_owns_nor_forwards_the_line():
    holders = Holders(range(100), 100)
    row = holders.entry(4711)
    holders.admit(row, 99, 99)
    holders.set_owner(row, 99)
    holders.leave(row, 98)
    assert (holders.owner_of(row), holders.forwarder_of(row)) == (99, 99)
    holders.leave(row, 99)
    assert (holders.owner_of(row), holders.forwarder_of(row)) == (-1, -1)


def test_more_than_1024_domains_are_refused():
    with pytest.raises(ValueError, match="1025 L3 domains, at most 1024"):
        Holders(range(1025), 1025)


def test_the_state_of_the_l3_and_its_cores_are_told_apart():
    holders = Holders([0] * 64, 1)
    row = holders.filter_row(0, 4711)
    holders.add_core(row, 0)
    holders.add_core(row, 63)
    for state in (states.SHARED, states.MODIFIED, 0):
        holders.set_l3_state(row, state)
        assert holders.owner[row] & states.L3_STATE == state
        assert holders.another(0, row, 63) == 0
        assert holders.held(row) == 1
    holders.drop_cores(row, 0, -1 & ~states.L3_STATE)
    assert holders.another(0, row, 5) == 63


@pytest.mark.parametrize("domains", [1, 42, 43, 1024])
def test_owner_and_forwarder_leave_each_other_and_the_mask_alone(domains):
    holders = Holders(range(domains), domains)
    row, last = holders.entry(4711), domains - 1
    holders.admit(row, last, 0)
    holders.set_owner(row, last)
    assert (holders.owner_of(row), holders.forwarder_of(row), listed(holders, row, domains)) == (last, 0, {last})
    holders.set_forwarder(row, states.NOBODY)
    assert (holders.owner_of(row), holders.forwarder_of(row), listed(holders, row, domains)) == (last, -1, {last})

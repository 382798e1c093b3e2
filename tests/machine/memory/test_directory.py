import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory import states
from simslab.machine.memory.directory import Directory


def holders(directory, row, domains):
    return {domain for domain in range(domains) if directory.holds(row, domain)}


@pytest.mark.parametrize("domains", [1, 63, 64, 65, 128, 1024])
@given(data=st.data())
def test_a_row_names_exactly_the_domains_that_were_admitted(domains, data):
    directory = Directory(domains)
    row, expected = directory.row(0, 4711), set()
    for domain in data.draw(st.lists(st.integers(0, domains - 1), max_size=20)):
        if domain in expected:
            directory.leave(row, domain)
            expected.remove(domain)
        else:
            directory.admit(row, domain, states.NOBODY)
            expected.add(domain)
        assert holders(directory, row, domains) == expected
        assert directory.is_alone(row, domain) == (expected == {domain})
        assert directory.others(row, domain) == (1 if expected - {domain} else 0)


def test_who_takes_a_line_is_its_only_holder_and_owner():
    directory = Directory(100)
    row = directory.row(0, 4711)
    for domain in (3, 70, 99):
        directory.admit(row, domain, domain)
    assert directory.forwarder_of(row) == 99
    directory.take(row, 70)
    assert (holders(directory, row, 100), directory.owner_of(row), directory.forwarder_of(row)) == ({70}, 70, -1)


def test_who_leaves_neither_owns_nor_forwards_the_line():
    directory = Directory(100)
    row = directory.row(0, 4711)
    directory.admit(row, 99, 99)
    directory.set_owner(row, 99)
    directory.leave(row, 98)
    assert (directory.owner_of(row), directory.forwarder_of(row)) == (99, 99)
    directory.leave(row, 99)
    assert (directory.owner_of(row), directory.forwarder_of(row)) == (-1, -1)


def test_more_than_1024_domains_are_refused():
    with pytest.raises(ValueError, match="1025 L3 domains, at most 1024"):
        Directory(1025)

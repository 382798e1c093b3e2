import pytest

from simslab.machine.memory.states import SOURCE_SNOOP

HOP, L3, DIRECTORY, SNOOP = 60, 50, 20, 30
NODE_1 = 1 << 21


@pytest.fixture
def make_paths(make_memory):
    def make(core=0, **options):
        paths = make_memory(domains=3, **options).paths
        paths.begin(core)
        return paths

    return make


def test_a_line_is_at_home_where_its_section_lies(make_paths):
    paths = make_paths()
    assert [paths.home_of(line) for line in (0, NODE_1 - 1, NODE_1, 2 * NODE_1)] == [0, 0, 1, 2]


@pytest.mark.parametrize(("home", "other", "hops"), [(0, 1, 2), (1, 1, 2), (1, 2, 3), (1, 0, 2)])
def test_an_acknowledgement_goes_by_the_home_to_the_sharer_and_back(make_paths, home, other, hops):
    assert make_paths().acknowledged(home, other) == L3 + DIRECTORY + SNOOP + hops * HOP


def test_a_requester_that_snoops_does_not_go_by_the_home(make_paths):
    assert make_paths(home=SOURCE_SNOOP).acknowledged(1, 2) == L3 + SNOOP + 2 * HOP

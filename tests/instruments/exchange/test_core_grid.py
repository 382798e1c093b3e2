"""Which layout a set of found cores becomes."""

import pytest

from simslab.instruments.exchange.core_grid import build_layout
from simslab.instruments.exchange.found import FoundCore


def cores(*places, threads=1):
    """A core for each (package, die, domain), its CPUs numbered as Intel's firmware does: first threads first."""
    count = len(places)
    return [
        FoundCore(tuple(core + thread * count for thread in range(threads)), *place)
        for core, place in enumerate(places)
    ]


def counts(layout):
    return tuple(layout.section[name] for name in ("packages", "dies", "ccxs", "cores", "threads"))


def test_one_l3_a_package_is_the_simplest_layout():
    layout = build_layout(cores((0, 0, 0), (0, 0, 0), (1, 0, 1), (1, 0, 1), threads=2))
    assert (counts(layout), layout.scope) == ((2, 1, 1, 2, 2), "package")
    assert set(layout.section) == {"packages", "dies", "ccxs", "cores", "threads"}


def test_an_l3_for_each_die_has_the_scope_of_a_die():
    layout = build_layout(cores((0, 0, 0), (0, 0, 0), (0, 1, 1), (0, 1, 1)))
    assert (counts(layout), layout.scope) == ((1, 2, 1, 2, 1), "die")


def test_several_l3s_of_one_die_make_ccxs():
    layout = build_layout(cores((0, 0, 0), (0, 0, 1), (0, 1, 2), (0, 1, 3)))
    assert (counts(layout), layout.scope) == ((1, 2, 2, 1, 1), "ccx")


def test_without_dies_several_l3s_stand_for_them():
    layout = build_layout(cores((0, -1, 0), (0, -1, 1)))
    assert (counts(layout), layout.scope) == ((1, 2, 1, 1, 1), "die")


def test_an_l3_across_dies_makes_dies_of_the_l3s():
    layout = build_layout(cores((0, 0, 0), (0, 1, 0), (0, 2, 1), (0, 3, 1)))
    assert (counts(layout), layout.scope) == ((1, 2, 1, 2, 1), "die")


def test_a_given_scope_is_kept():
    layout = build_layout(cores((0, 0, 0), (0, 0, 0)), scope="ccx")
    assert (counts(layout), layout.scope) == ((1, 1, 1, 2, 1), "ccx")


def test_packages_that_share_an_l3_are_taken_as_one():
    layout = build_layout(cores((0, 0, 7), (1, 0, 7), (2, 0, 8)))
    assert layout.section["packages"] == 2
    assert dict(layout.packages) == {0: 0, 1: 0, 2: 1}
    assert layout.notes == ["2 packages share an L3: they are taken as one"]


def test_siblings_next_to_each_other_have_their_numbering():
    found = [FoundCore((2 * core, 2 * core + 1), 0, 0, 0) for core in range(3)]
    assert build_layout(found).section["numbering"] == "threads-adjacent"


def test_any_other_numbering_is_told_core_by_core():
    found = [FoundCore((0, 2), 0), FoundCore((3,), 0), FoundCore((1, 4), 1, domain=1)]
    layout = build_layout(found)
    assert counts(layout) == (2, 1, 1, 2, 2)
    assert layout.section["cpu_numbers"] == ["0,2", "3", "1,4", ""]


def test_gaps_in_the_numbers_of_cpus_are_closed_in_their_order():
    layout = build_layout([FoundCore((4, 12), 0), FoundCore((8, 16), 0)])
    assert dict(layout.number) == {4: 0, 8: 1, 12: 2, 16: 3}
    assert "cpu_numbers" not in layout.section


@pytest.mark.parametrize("turned", [False, True])
def test_units_stand_in_the_order_of_their_first_cpu(turned):
    found = [FoundCore((0,), 9, 0, 5), FoundCore((1,), 3, 0, 1)]
    layout = build_layout(found[::-1] if turned else found)
    assert dict(layout.packages) == {0: 0, 1: 1}

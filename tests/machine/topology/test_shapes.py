"""Which places are neighbours in each shape of interconnect."""

from collections import Counter

import pytest

from simslab.base.errors import BadValue
from simslab.machine.topology.shapes import neighbours


def degrees(shape, count):
    """Return how many neighbours each place has; a pair that is there twice counts twice."""
    return Counter(Counter(end for pair in neighbours(shape, count) for end in pair).values())


@pytest.mark.parametrize(
    ("shape", "count", "links", "wanted"),
    [
        ("all", 4, 6, {3: 4}),
        ("ring", 5, 5, {2: 5}),
        ("ring", 2, 1, {1: 2}),
        ("mesh 4x2", 8, 10, {2: 4, 3: 4}),
        ("torus 4x2", 8, 12, {3: 8}),
        ("torus 3x3", 9, 18, {4: 9}),
        ("torus 2x2x2", 8, 12, {3: 8}),
        ("hypercube", 16, 32, {4: 16}),
        ("mesh", 12, 17, {2: 4, 3: 6, 4: 2}),
        ("torus", 7, 7, {2: 7}),
        ("hypercube", 2, 1, {1: 2}),
    ],
)
def test_every_place_has_its_neighbours_once(shape, count, links, wanted):
    assert len(neighbours(shape, count)) == links
    assert degrees(shape, count) == wanted


def test_a_mesh_numbers_its_rows_one_after_another():
    assert neighbours("mesh 3x2", 6) == [(0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5)]


def test_the_last_of_a_ring_is_linked_to_the_first():
    assert neighbours("ring", 4) == [(0, 1), (1, 2), (2, 3), (3, 0)]


@pytest.mark.parametrize(
    ("shape", "count", "told"), [("mesh 3x2", 8, "6 nodes, and there are 8"), ("hypercube", 6, "6 nodes make no")]
)
def test_a_shape_without_so_many_places_is_refused(shape, count, told):
    with pytest.raises(BadValue, match=told):
        neighbours(shape, count)

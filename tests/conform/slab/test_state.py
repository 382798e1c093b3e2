import json

import pytest

from simslab.conform.slab.state import (
    SlabNames,
    describe_difference,
    describe_full_difference,
    fnv1a_32,
    full_state,
    state_text,
)
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions


class Bench:
    """A cache of two nodes whose slabs are named as they are obtained."""

    def __init__(self):
        self.allocator = new_system("2n4c", SlabOptions(slab_nomerge=True))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", 256, 0, 0, 0)
        self.names = SlabNames(self.allocator.pages)
        self.names.cache = self.cache
        self.allocator.pages.observer = self.names

    def alloc(self):
        return self.allocator.kmem_cache_alloc(self.cpu, self.cache, gfp.GFP_KERNEL)

    def free(self, objp):
        self.allocator.kmem_cache_free(self.cpu, self.cache, objp)

    def text(self):
        return state_text(self.cache, [0, 1], self.allocator.pages)


@pytest.fixture
def bench():
    return Bench()


def test_an_object_has_a_name_and_a_name_its_object(bench):
    objp = bench.alloc()
    assert bench.names.address(bench.names.name(objp)) == objp
    assert bench.names.name(objp)[0] == 0


def test_slabs_are_numbered_as_they_are_obtained_and_told_when_they_go(bench):
    bench.free(bench.alloc())
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    assert [[event[0], event[1], event[2]] for event in bench.names.events] == [["g", 0, 0], ["d", 0, 0]]


def test_a_state_has_every_array_and_every_node(bench):
    bench.alloc()
    state = json.loads("{" + bench.text() + "}")
    assert [array[0] for array in state["ac"]] == [15, 0, 0, 0]
    assert [(node[0], node[3]) for node in state["n"]] == [(0, 1), (1, 0)]


def test_complete_contents_name_every_free_object_in_an_array(bench):
    taken = bench.names.name(bench.alloc())
    contents = full_state(bench.cache, [0, 1], bench.names)
    assert len(contents["ac"][0]) == 15
    assert taken not in contents["ac"][0]
    assert contents["n"][0]["F"] == [0]


def test_a_difference_of_an_array_is_told_by_cpu_and_field(bench):
    before = bench.text()
    bench.alloc()
    assert describe_difference(bench.text(), before) == "CPU 0's array avail: expected 15, got 0"


def test_a_difference_of_a_node_is_told_by_its_field():
    texts = [f'"ac":[],"n":[[1,{free},0,2]]' for free in (7, 8)]
    assert describe_difference(*texts) == "node 1 free_objects: expected 7, got 8"


def test_a_difference_of_contents_is_told_and_equal_ones_are_not(bench):
    bench.alloc()
    wanted, found = (full_state(bench.cache, [0, 1], bench.names) for _ in range(2))
    assert describe_full_difference(wanted, found) == ""
    found["n"][0]["F"] = []
    assert describe_full_difference(wanted, found) == "node 0 slabs_full: expected [0], got []"


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_hashes_are_those_of_fnv(text, value):
    assert fnv1a_32(text) == value

"""SLUB booted on the machines of the recordings."""

import pytest

from simslab.conform.slub.topologies import new_system
from simslab.slub import layout
from simslab.slub.creation.options import SlubOptions


@pytest.mark.parametrize(("name", "cpus", "nodes"), [("1n1c", 1, 1), ("trace-2n4c1m-d2048.jsonl.gz", 4, 3)])
def test_the_machine_is_the_one_that_the_name_mentions(name, cpus, nodes):
    kernel = new_system(name, SlubOptions()).kernel
    assert (len(kernel.machine.cpus), kernel.nr_node_ids) == (cpus, nodes)


def test_the_memory_map_is_spaced_as_slubs_is():
    assert new_system("1n1c", SlubOptions()).kernel.mem_map.stride == layout.PAGE_STRIDE


def test_standing_caches_are_there_where_they_are_asked_for():
    bare, standing = (new_system("1n1c", SlubOptions(), with_them) for with_them in (False, True))
    names = [cache.name for cache in standing.caches]
    assert names[: len(bare.caches)] == [cache.name for cache in bare.caches]
    assert "dentry" in names[len(bare.caches) :]

"""The kernel's message when a cache cannot grow."""

import pytest
from slub_systems import Bench

from simslab.kernel.mm import gfp


@pytest.fixture
def bench(booted):
    """A cache that has used up a slab and can have no more pages."""
    bench = Bench(booted("2n8c", slab_nomerge=True))
    bench.alloc(bench.cache.oo_objects)
    bench.allocator.pages.deny_cache, bench.allocator.pages.deny_mask = bench.cache.index, 3
    return bench


def told(bench):
    return [line.split("] ", 1)[1] for line in bench.allocator.kernel.log.lines]


def refused(bench, flags=gfp.GFP_ATOMIC, node=-1):
    cpu = bench.cpus[0]
    assert bench.allocator.kmem_cache_alloc_node(cpu, bench.cache, flags, node) == 0


def test_it_tells_the_request_the_cache_and_every_node(bench):
    refused(bench, node=1)
    num = bench.cache.oo_objects
    assert told(bench) == [
        f"SLUB: Unable to allocate memory on node 1, gfp={gfp.GFP_ATOMIC:#x}(GFP_ATOMIC)",
        "  cache: c, object size: 192, buffer size: 192, default order: 0, min order: 0",
        f"  node 0: slabs: 1, objs: {num}, free: 0",
        "  node 1: slabs: 0, objs: 0, free: 0",
    ]


def test_a_request_that_wants_no_warning_gets_none(bench):
    refused(bench, gfp.GFP_ATOMIC | gfp.NOWARN)
    assert told(bench) == []


def test_ten_messages_are_enough_for_five_seconds(bench):
    for _ in range(15):
        refused(bench)
    assert sum("Unable" in line for line in told(bench)) == 10


def test_debugging_that_made_slabs_larger_is_blamed(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    cache = allocator.kmem_cache_create("large", 4096)
    allocator.pages.deny_cache, allocator.pages.deny_mask = cache.index, 1
    assert allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[0], cache, gfp.GFP_ATOMIC) == 0
    assert "large debugging increased min order, use slub_debug=O" in "\n".join(allocator.kernel.log.lines)

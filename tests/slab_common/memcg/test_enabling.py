"""Faults and memory cgroups are turned on and off apart, with either allocator."""

import pytest
from memcg_systems import MemcgSystem

from simslab.slab_common.failslab import FailSlab
from simslab.slab_common.memcg.hooks import MemcgHooks


@pytest.fixture(params=["slab", "slub"])
def system(request):
    return MemcgSystem(request.param)


def test_every_part_tells_the_same_hooks(system):
    allocator = system.allocator
    parts = (allocator.allocating, allocator.freeing, allocator.pages)
    assert isinstance(allocator.memcg, MemcgHooks)
    assert all(part.memcg is allocator.memcg for part in parts)


def test_charging_goes_on_when_faults_end(system):
    system.allocator.set_failslab(FailSlab(100, ignore_gfp_reclaim=False))
    assert not system.alloc()
    system.allocator.set_failslab(None)
    before = system.jobs.counts.charges
    assert system.alloc()
    assert system.jobs.counts.charges == before + 1


def test_faults_go_on_when_charging_begins(system):
    system.allocator.set_failslab(FailSlab(100, ignore_gfp_reclaim=False))
    system.allocator.set_memcg(system.charging)
    assert not system.alloc()
    assert not system.alloc(system.plain)

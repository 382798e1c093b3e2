import pytest

from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp


@pytest.fixture
def allocator(booted):
    return booted("2n8c", slab_nomerge=True)


def test_attributes_are_tuned_by_name_and_read_back(allocator):
    cache = allocator.kmem_cache_create("c", 64)
    assert allocator.tune(cache, {"cpu_partial": 6, "remote_node_defrag_ratio": 40}) == 0
    assert allocator.tunables(cache) == {"cpu_partial": 6, "min_partial": 5, "remote_node_defrag_ratio": 40}


def test_the_first_value_that_the_kernel_refuses_is_returned(allocator):
    cache = allocator.kmem_cache_create("c", 64)
    assert allocator.tune(cache, {"remote_node_defrag_ratio": 101, "min_partial": 9}) == -34
    assert allocator.tunables(cache)["min_partial"] == 5


def test_a_tunable_of_slab_is_refused(allocator):
    with pytest.raises(BadValue, match="no tunable 'limit' with SLUB"):
        allocator.tune(allocator.caches[0], {"limit": 4})


def test_a_cache_of_another_allocator_is_a_bug(allocator):
    with pytest.raises(KernelBugError, match="not one of SLUB's"):
        allocator.parked(Cache(1, 0, "foreign"))


def test_injected_faults_let_allocations_fail(allocator):
    class Always:
        def should_failslab(self, cache, flags):
            return True

    cpu, cache = allocator.kernel.machine.cpus[0], allocator.caches[-1]
    allocator.set_failslab(Always())
    assert allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) == 0
    allocator.set_failslab(None)
    assert allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)


def test_there_is_nothing_to_reap(allocator):
    cpu = allocator.kernel.machine.cpus[0]
    before = cpu.now
    allocator.start_reaping(cpu)
    assert cpu.now == before

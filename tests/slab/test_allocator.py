import pytest

from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.slab.creation.options import SlabOptions


@pytest.fixture
def allocator():
    return new_system("1n4c", SlabOptions())


@pytest.fixture
def cache(allocator):
    return allocator.kmem_cache_create("files", 256, ctor=1)


def test_tuning_sets_the_three_tunables(allocator, cache):
    assert allocator.tune(cache, {"limit": 20, "batchcount": 10, "shared": 2}) == 0
    assert (cache.limit, cache.batchcount, cache.shared) == (20, 10, 2)


def test_of_two_caches_of_one_name_the_one_that_is_meant_is_tuned(allocator, cache):
    newer = allocator.kmem_cache_create("files", 512, ctor=1)
    before = newer.limit, newer.batchcount, newer.shared
    assert allocator.tune(cache, {"limit": 20, "batchcount": 10, "shared": 2}) == 0
    assert (cache.limit, cache.batchcount, cache.shared) == (20, 10, 2)
    assert (newer.limit, newer.batchcount, newer.shared) == before


def test_a_name_with_a_blank_in_it_can_be_tuned(allocator):
    cache = allocator.kmem_cache_create("my files", 512, ctor=1)
    assert allocator.tune(cache, {"limit": 20, "batchcount": 10, "shared": 2}) == 0
    assert cache.limit == 20


def test_a_tunable_of_another_allocator_is_refused(allocator, cache):
    with pytest.raises(BadValue, match="no tunable 'min_partial' with SLAB"):
        allocator.tune(cache, {"limit": 20, "batchcount": 10, "shared": 2, "min_partial": 5})


@pytest.mark.parametrize(
    ("given", "numbers"),
    [({"limit": 30}, (30, 30, 8)), ({"shared": 1, "batchcount": 7}, (120, 7, 1)), ({"limit": 200}, (200, 60, 8))],
)
def test_what_is_not_given_stays_but_a_batchcount_above_the_limit(allocator, cache, given, numbers):
    assert (cache.limit, cache.batchcount, cache.shared) == (120, 60, 8)
    assert allocator.tune(cache, given) == 0
    assert (cache.limit, cache.batchcount, cache.shared) == numbers


def test_a_batchcount_above_the_caches_own_limit_is_refused(allocator, cache):
    with pytest.raises(BadValue, match="batchcount 121 is above limit 120") as refused:
        allocator.tune(cache, {"batchcount": 121})
    assert refused.value.at == ("batchcount",)


def test_a_cache_of_another_allocator_cannot_be_destroyed(allocator):
    with pytest.raises(KernelBugError, match="cache foreign is not one of SLAB's"):
        allocator.kmem_cache_destroy(Cache(1, 0, "foreign"))


def test_slabinfo_lists_the_newest_cache_first(allocator, cache):
    assert allocator.slabinfo().splitlines()[2].startswith("files ")


def test_faults_injected_end_with_none(allocator, cache):
    class Always:
        def should_failslab(self, cache, flags):
            return True

    cpu = allocator.kernel.machine.cpus[0]
    allocator.set_failslab(Always())
    assert allocator.kmem_cache_alloc(cpu, cache, 0xCC0) == 0
    allocator.set_failslab(None)
    assert allocator.kmem_cache_alloc(cpu, cache, 0xCC0)

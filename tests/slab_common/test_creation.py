"""Destroying caches gives everything back, when it may and not before."""

import logging

import pytest
from at_once import AtOnce

from simslab.conform.slab import invariants
from simslab.conform.slub import topologies as slub
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl
from simslab.slab_common.slab_state import KernelPanicError
from simslab.slub.creation.options import SlubOptions

BUSY = -16


class Bench:
    def __init__(self, flags=0, ctor=1):
        self.allocator = new_system("2n8c", SlabOptions())
        self.kernel = self.allocator.kernel
        self.cpu = self.kernel.machine.cpus[0]
        self.percpu = self.kernel.percpu.used()
        self.cache = self.allocator.kmem_cache_create("doomed", 200, flags=flags, ctor=ctor)

    def use(self, cpu=5, count=50):
        on = self.kernel.machine.cpus[cpu]
        objects = [self.allocator.kmem_cache_alloc(on, self.cache, gfp.GFP_KERNEL) for _ in range(count)]
        for objp in objects:
            self.allocator.kmem_cache_free(on, self.cache, objp)

    def wait(self, cycles):
        """Let time pass on all CPUs, with the callbacks and the work that become due."""
        for cpu in self.kernel.machine.cpus:
            cpu.charge(causes.WAIT, cycles)
            self.kernel.rcu.rcu_core(cpu)
        for cpu in self.kernel.machine.cpus:
            self.kernel.run_due_work(cpu)

    @property
    def released(self):
        return self.allocator.by_index[self.cache.index] is None and self.kernel.percpu.used() == self.percpu


def test_destroy_returns_all_memory():
    bench = Bench()
    bench.use()
    assert bench.allocator.kmem_cache_destroy(bench.cache) == 0
    assert bench.cache not in bench.allocator.caches
    assert bench.released


def test_a_cache_goes_with_its_last_reference():
    bench = Bench(ctor=0)
    shared = bench.allocator.kmem_cache_create("alias", 200)
    assert shared is bench.cache
    before = shared.refcount
    assert bench.allocator.kmem_cache_destroy(shared) == 0
    assert shared.refcount == before - 1
    assert shared in bench.allocator.caches


def test_destroy_with_objects_left_is_refused_and_the_cache_stays(caplog):
    bench = Bench()
    objp = bench.allocator.kmem_cache_alloc(bench.cpu, bench.cache, gfp.GFP_KERNEL)
    with caplog.at_level(logging.WARNING, "simslab.kernel"):
        assert bench.allocator.kmem_cache_destroy(bench.cache) == BUSY
    assert "kmem_cache_destroy doomed: Slab cache still has objects" in caplog.text
    assert bench.cache in bench.allocator.caches
    assert bench.cache.refcount == 0
    assert invariants.check_cache(bench.allocator, bench.cache, [objp]) == []
    bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    assert invariants.check_cache(bench.allocator, bench.cache, []) == []


def test_a_cache_that_could_not_be_destroyed_may_be_shared_again_and_then_goes():
    bench = Bench(ctor=0)
    cache = bench.allocator.kmem_cache_create("own", 1000)
    objp = bench.allocator.kmem_cache_alloc(bench.cpu, cache, gfp.GFP_KERNEL)
    assert bench.allocator.kmem_cache_destroy(cache) == BUSY
    assert bench.allocator.kmem_cache_create("again", 1000) is cache
    assert cache.refcount == 1
    bench.allocator.kmem_cache_free(bench.cpu, cache, objp)
    assert bench.allocator.kmem_cache_destroy(cache) == 0
    assert cache not in bench.allocator.caches


@pytest.mark.parametrize("objects", [0, 50])
def test_a_type_safe_cache_is_released_after_the_grace_period_of_its_slabs(objects):
    bench = Bench(flags=fl.SLAB_TYPESAFE_BY_RCU)
    bench.use(count=objects)
    assert bench.allocator.kmem_cache_destroy(bench.cache) == 0
    assert bench.cache not in bench.allocator.caches
    assert not bench.released
    bench.wait(1)
    assert bench.released == (objects == 0)
    bench.wait(2 * bench.kernel.rcu.grace_period)
    bench.wait(1)
    assert bench.released
    assert bench.kernel.rcu.pending() == 0


def test_its_slabs_go_back_before_it_does():
    bench = Bench(flags=fl.SLAB_TYPESAFE_BY_RCU)
    bench.use()
    bench.allocator.kmem_cache_destroy(bench.cache)
    bench.kernel.run_due_work(bench.cpu)
    order = []
    freepages, release = bench.kernel.rcu.callbacks[0], bench.allocator.by_index
    assert len(freepages) > 1
    while bench.kernel.rcu.callbacks[0]:
        _, function, argument = bench.kernel.rcu.callbacks[0].popleft()
        order.append(release[bench.cache.index] is not None)
        function(bench.cpu, argument)
    bench.kernel.run_due_work(bench.cpu)
    assert all(order)
    assert bench.released


def test_caches_destroyed_meanwhile_share_one_barrier():
    bench = Bench(flags=fl.SLAB_TYPESAFE_BY_RCU)
    other = bench.allocator.kmem_cache_create("other", 300, flags=fl.SLAB_TYPESAFE_BY_RCU)
    bench.use()
    bench.allocator.kmem_cache_destroy(bench.cache)
    bench.allocator.kmem_cache_destroy(other)
    assert bench.allocator.caches_to_rcu_destroy == [bench.cache, other]
    bench.wait(2 * bench.kernel.rcu.grace_period)
    bench.wait(2 * bench.kernel.rcu.grace_period)
    bench.wait(1)
    assert bench.allocator.caches_to_rcu_destroy == []
    assert bench.released


def system(name, topology, **options):
    """One of the allocators, booted."""
    if name == "slub":
        return slub.new_system(topology, SlubOptions(**options))
    return new_system(topology, SlabOptions(**options))


@pytest.fixture(params=["slab", "slub"])
def allocator(request):
    return system(request.param, "2n8c")


def creating(allocator, name):
    return lambda cpu: allocator.kmem_cache_create(name, 200, ctor=1, cpu=cpu)


def test_creations_wait_for_each_other_and_all_are_done(allocator):
    both = AtOnce(allocator, (1, 0, creating(allocator, "first")), (5, 100, creating(allocator, "second")))
    assert both.follow_each_other(1, 5)
    assert [cache.name for cache in allocator.caches[-2:]] == ["first", "second"]


def test_destruction_waits_for_creation(allocator):
    doomed = creating(allocator, "doomed")(None)
    both = AtOnce(
        allocator,
        (1, 0, creating(allocator, "mine")),
        (5, 100, lambda cpu: allocator.kmem_cache_destroy(doomed, cpu)),
    )
    assert both.follow_each_other(1, 5)
    assert both.returned[5] == 0
    assert allocator.caches[-1].name == "mine"


def test_two_who_create_the_same_share_one(allocator):
    alike = [(n, 100 * n, lambda cpu: allocator.kmem_cache_create("alike", 1384, cpu=cpu)) for n in (2, 6)]
    both = AtOnce(allocator, *alike)
    assert both.returned[2] is both.returned[6]
    assert both.returned[2].refcount == 2


def test_a_shrink_goes_on_beside_creation(allocator):
    cache = creating(allocator, "mine")(None)
    both = AtOnce(
        allocator,
        (1, 0, creating(allocator, "first")),
        (5, 100, lambda cpu: allocator.kmem_cache_shrink(cpu, cache)),
    )
    assert both.waited[5] == 0


@pytest.mark.parametrize("first", ["creation", "shrink"])
def test_a_cpu_that_goes_waits_for_creation_and_for_shrinking(allocator, first):
    cache = creating(allocator, "mine")(None)
    inside = {"creation": creating(allocator, "first"), "shrink": lambda cpu: allocator.kmem_cache_shrink(cpu, cache)}
    both = AtOnce(allocator, (1, 0, inside[first]), (0, 100, lambda cpu: allocator.cpu_down(cpu, 7)))
    assert both.follow_each_other(1, 0)
    assert 7 not in allocator.online_cpus


def test_a_shrink_waits_for_a_cpu_that_goes(allocator):
    cache = creating(allocator, "mine")(None)
    both = AtOnce(
        allocator,
        (1, 0, lambda cpu: allocator.cpu_down(cpu, 7)),
        (5, 10, lambda cpu: allocator.kmem_cache_shrink(cpu, cache)),
    )
    assert both.follow_each_other(1, 5)


def test_memory_that_goes_waits_for_creation(allocator):
    both = AtOnce(
        allocator,
        (1, 0, creating(allocator, "first")),
        (5, 100, lambda cpu: allocator.memory_going_offline(cpu, 1)),
    )
    assert both.follow_each_other(1, 5)


def test_a_refused_creation_leaves_the_locks_free(allocator):
    assert allocator.kmem_cache_create("refused", 64, flags=1) is None
    assert allocator.slab_mutex.owner == -1
    assert allocator.kernel.hotplug.cpus.readers == allocator.kernel.hotplug.mems.readers == 0


@pytest.fixture(params=["slab", "slub"])
def debug_vm(request):
    return system(request.param, "1n1c", debug_vm=True)


@pytest.mark.parametrize("size", [0, 1, 7, (4 << 20) + 1])
def test_debug_vm_refuses_sizes_that_are_no_objects(debug_vm, size):
    assert debug_vm.kmem_cache_create("odd", size) is None
    assert any(f"kmem_cache_create(odd): size {size} fails" in line for line in debug_vm.kernel.log.lines)
    with pytest.raises(KernelPanicError, match="odd"):
        debug_vm.kmem_cache_create("odd", size, flags=fl.SLAB_PANIC)


def test_debug_vm_takes_the_least_and_warns_of_a_blank_in_the_name(debug_vm):
    assert debug_vm.kmem_cache_create("two words", 8, ctor=1) is not None
    assert any("blank in the name 'two words'" in line for line in debug_vm.kernel.log.lines)


def test_without_debug_vm_a_small_size_is_rounded_up(allocator):
    assert allocator.kmem_cache_create("small name", 7, ctor=1) is not None
    assert not any("blank" in line or "integrity" in line for line in allocator.kernel.log.lines)


def test_only_kernels_with_memory_cgroups_take_the_flag_account(caplog):
    assert Bench().allocator.kmem_cache_create("charged", 200, flags=fl.SLAB_ACCOUNT) is None
    cache = new_system("2n8c", SlabOptions(memcg=True)).kmem_cache_create("charged", 200, flags=fl.SLAB_ACCOUNT)
    assert cache.flags & fl.SLAB_ACCOUNT


def test_a_cache_that_was_destroyed_allocates_nothing_more(allocator):
    cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("gone", 1000)
    for cpu in (cpus[0], cpus[-1]):
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert allocator.kmem_cache_destroy(cache) == 0
    for cpu in (cpus[0], cpus[-1]):
        for use in (allocator.kmem_cache_alloc, lambda *request: allocator.kmem_cache_alloc_bulk(*request, 3)):
            flags = cpu.irq_save(0)
            with pytest.raises(KernelBugError, match="destroyed"):
                use(cpu, cache, gfp.GFP_NOWAIT)
            cpu.irq_restore(flags)


def test_a_cache_that_was_destroyed_is_not_tuned(allocator):
    cache = allocator.kmem_cache_create("gone", 1000)
    values = dict(list(allocator.tunables(cache).items())[:1])
    assert allocator.tune(cache, values) == 0
    assert allocator.kmem_cache_destroy(cache) == 0
    with pytest.raises(KernelBugError, match="gone is tuned after it was destroyed"):
        allocator.tune(cache, values)


@pytest.mark.parametrize("number", [0, 1, 64, -1])
def test_only_cpus_that_are_offline_come_and_only_those_that_are_online_go(allocator, number):
    cpu = allocator.kernel.machine.cpus[0]
    allocator.cpu_down(cpu, 1)
    online = list(allocator.online_cpus)
    if number:
        with pytest.raises(KernelBugError, match=f"CPU {number} is not online"):
            allocator.cpu_down(cpu, number)
    if number != 1:
        with pytest.raises(KernelBugError, match=f"CPU {number} is not offline"):
            allocator.cpu_up(cpu, number)
    assert allocator.online_cpus == allocator.kernel.online_cpus == online

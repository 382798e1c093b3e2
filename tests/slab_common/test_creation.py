"""Destroying caches gives everything back, when it may and not before."""

import logging

import pytest

from simslab.conform.slab import invariants
from simslab.conform.slub.topologies import new_system as new_slub_system
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl
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


ALLOCATORS = [lambda: new_system("2n8c", SlabOptions()), lambda: new_slub_system("2n8c", SlubOptions())]


def at_once(allocator, *sections):
    """Let each CPU of 4, 5, ... do one thing, each a little after the one before; (start, end) of each."""
    machine, times = allocator.kernel.machine, {}

    def run(cpu, section):
        begun = cpu.now
        section(cpu)
        times[cpu.id] = begun, cpu.now

    latest = max(cpu.now for cpu in machine.cpus)
    for cpu, section in zip(machine.cpus[4:], sections, strict=False):
        cpu.now = latest + cpu.id
        machine.engine.spawn(cpu, lambda cpu=cpu, section=section: run(cpu, section))
    machine.engine.run()
    return [times[cpu] for cpu in sorted(times)]


@pytest.mark.parametrize("make", ALLOCATORS, ids=["slab", "slub"])
def test_caches_are_made_and_destroyed_one_at_a_time(make):
    allocator = make()
    doomed = allocator.kmem_cache_create("doomed", 200, ctor=1)
    waited = allocator.kernel.machine.cpus[5].cause_owner[causes.LOCK_WAIT]
    (_, made), (begun, destroyed) = at_once(
        allocator,
        lambda cpu: allocator.kmem_cache_create("made", 200, ctor=1, cpu=cpu),
        lambda cpu: allocator.kmem_cache_destroy(doomed, cpu),
    )
    assert begun < made < destroyed
    assert allocator.kernel.machine.cpus[5].cause_owner[causes.LOCK_WAIT] > waited
    assert allocator.slab_mutex.owner == -1


@pytest.mark.parametrize("make", ALLOCATORS, ids=["slab", "slub"])
def test_a_cpu_does_not_come_while_a_cache_is_shrunk(make):
    allocator = make()
    cache = allocator.kmem_cache_create("shrunk", 200, ctor=1)
    cpus = allocator.kernel.machine.cpus
    for cpu in cpus[:4]:
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    allocator.cpu_down(cpus[0], 7)
    (_, shrunk), (begun, up) = at_once(
        allocator,
        lambda cpu: allocator.kmem_cache_shrink(cpu, cache),
        lambda cpu: allocator.cpu_up(cpu, 7),
    )
    assert begun < shrunk <= up
    assert allocator.kernel.hotplug.cpus.readers == []


@pytest.mark.parametrize("make", ALLOCATORS, ids=["slab", "slub"])
def test_a_cache_is_not_shrunk_while_memory_goes(make):
    allocator = make()
    cache = allocator.kmem_cache_create("shrunk", 200, ctor=1)
    (_, gone), (begun, shrunk) = at_once(
        allocator,
        lambda cpu: allocator.memory_going_offline(cpu, 1),
        lambda cpu: allocator.kmem_cache_shrink(cpu, cache),
    )
    assert begun < gone < shrunk


@pytest.mark.parametrize("make", ALLOCATORS, ids=["slab", "slub"])
def test_a_cache_is_destroyed_although_a_cpu_waits_to_go(make):
    allocator = make()
    cache = allocator.kmem_cache_create("doomed", 200, ctor=1)
    (_, destroyed), (begun, gone) = at_once(
        allocator,
        lambda cpu: allocator.kmem_cache_destroy(cache, cpu),
        lambda cpu: allocator.cpu_down(cpu, 7),
    )
    assert begun < destroyed < gone

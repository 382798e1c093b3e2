"""A kernel booted on a machine with its slab allocator, ready for a workload."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EINVAL, ENOMEM, errorcode
from typing import TYPE_CHECKING, Final

import numpy as np

from simslab.allocator.allocator import Allocator
from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue, near_miss
from simslab.base.units import Duration
from simslab.kernel import layout
from simslab.kernel.kernel import Kernel
from simslab.kernel.memcg import layout as memcg_layout
from simslab.kernel.mm.older.pages_of_46 import take_pages_as_up_to_46
from simslab.kernel.mm.stand_in import StandInPages
from simslab.machine.core.cpu import Cpu
from simslab.machine.description.kernel_costs import KernelCostsSpec
from simslab.machine.description.model import cycles
from simslab.machine.machine import Machine, build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common.failslab import FailSlab
from simslab.slab_common.flags import SLAB_ACCOUNT, SLAB_FAILSLAB, SLAB_HWCACHE_ALIGN, parse_flags
from simslab.workload.description.kernel_options import OF_SLUB as SLUB_PARAMETERS
from simslab.workload.description.kernel_options import FailSlabSpec, KernelOptions
from simslab.workload.description.spec import CacheSpec
from simslab.workload.description.tunables import Tunables

if TYPE_CHECKING:
    from simslab.machine.description.tlb import TlbSpec
    from simslab.slub.allocator import SlubAllocator
    from simslab.workload.trace.pairing import TraceCache

MANY_OBJECTS: Final = 200_000  # that a collector looks for cycles in


@dataclass(frozen=True)
class System:
    """Machine, kernel and allocator of one run."""

    machine: Machine
    kernel: Kernel
    allocator: Allocator

    def find_cache(self, name: str) -> Cache | None:
        """Return the cache called `name`, kmalloc caches included; the newest when there are several."""
        return next((cache for cache in reversed(self.allocator.caches) if cache.name == name), None)


def boot_system(spec: MachineSpec, options: KernelOptions, quantum: int, seed: int = 0) -> System:
    """Build the machine and boot kernel and allocator; all CPUs then have the same time and empty statistics.

    BadValue when the options ask for what the machine cannot have.
    """
    if options.hz is not None:
        spec = spec.model_copy(update={"kernel": spec.kernel.model_copy(update={"hz": options.hz})})
    if options.irq_cost is not None:
        spec = spec.model_copy(update={"kernel": _with_irq_cost(spec, options.irq_cost)})
    if options.debug_pagealloc and spec.tlb is not None:
        spec = spec.model_copy(update={"tlb": _mapped_by_4k(spec.tlb)})
    with collector_off():
        system = _boot(spec, options, quantum, seed)
    start_clocks(system)
    return system


@contextmanager
def collector_off() -> Iterator[None]:
    """Let no garbage collection run: a boot makes objects by the million, and all of them stay.

    Freezing all objects and thawing them makes them old without looking at any, as surviving collections would. It
    also puts off the next full collection, so it is for boots of so many objects that one takes long: what earlier
    runs left is freed by it.

    Speed: a third of the boot of generic-64, and a thirtieth for the first collection after it (benchmarks/boot.py).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if gc.get_count()[0] > MANY_OBJECTS:
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _boot(spec: MachineSpec, options: KernelOptions, quantum: int, seed: int) -> System:
    machine = build_machine(spec, quantum)
    kernel = Kernel(
        machine,
        page_stride=_page_stride(options),
        have_memoryless_nodes=options.have_memoryless_nodes,
        numa_spinlock=options.passed_over,
    )
    if options.stand_in_pages:
        _check_pools(machine)
        kernel.page_allocator.stand_in = StandInPages(kernel)
    if options.pages_of_46:
        take_pages_as_up_to_46(kernel.page_allocator, kernel.page_allocator.zones)
    if options.memalloc_sockets:
        kernel.reserves.sk_set_memalloc()
    allocator = make_allocator(kernel, options, seed)
    allocator.boot()
    return System(machine, kernel, allocator)


def _with_irq_cost(spec: MachineSpec, cost: Duration) -> KernelCostsSpec:
    """Return the kernel's costs with `cost` for local_irq_save and local_irq_restore together, split as they were."""
    frequency = spec.core.frequency
    total = cost.cycles(frequency)
    save, restore = spec.kernel.irq_save.cycles(frequency), spec.kernel.irq_restore.cycles(frequency)
    of_save = total * save // (save + restore) if save + restore else total // 2
    return spec.kernel.model_copy(update={"irq_save": cycles(of_save), "irq_restore": cycles(total - of_save)})


def _mapped_by_4k(tlb: TlbSpec) -> TlbSpec:
    """Return the TLB of a kernel that maps all memory page by page (arch/x86/mm/init.c: probe_page_size_mask)."""
    if tlb.l1.page_4k is None:
        told = "the machine's first level has no entries for pages of 4K, by which debug_pagealloc maps memory"
        raise BadValue(told, expected="'tlb.l1.page_4k' of the machine", at=("kernel", "debug_pagealloc"))
    return tlb.model_copy(update={"direct_map": "4K"})


def _page_stride(options: KernelOptions) -> int:
    """Return the bytes of a struct page, which kernels with SLUB or memory cgroups make larger."""
    if options.memcg:
        return memcg_layout.PAGE_STRIDE
    if options.allocator == "slub":
        from simslab.slub import layout as slub_layout

        return slub_layout.PAGE_STRIDE
    return layout.PAGE_STRIDE


def _check_pools(machine: Machine) -> None:
    """Refuse a node without memory: the stand-in has a pool for every node, and no way to fall back to another's."""
    without = [node.number for node in machine.topology.nodes if not node.memory]
    if without:
        told = f"the stand-in for the page allocator takes no node without memory, as node {without[0]} is"
        raise BadValue(told, expected="a machine with memory on each node", at=("kernel", "stand_in_pages"))


def make_allocator(kernel: Kernel, options: KernelOptions, seed: int) -> SlabAllocator | SlubAllocator:
    """Return the allocator that the options ask for, not booted; `seed` draws the order of freelists."""
    if options.allocator == "slub":
        return _slub(kernel, options, seed)
    slab_options = SlabOptions(
        slab_nomerge=options.slab_nomerge,
        debug_vm=options.debug_vm,
        memcg=options.memcg,
        noaliencache=options.noaliencache,
        slab_max_order=options.slab_max_order,
        debug_slab=options.debug_slab,
        init_on_alloc=options.init_on_alloc,
        init_on_free=options.init_on_free,
        freelist_random=options.freelist_random,
        freelist_seed=seed,
        freelist_hardened=options.freelist_hardened,
        debug_pagealloc=options.debug_pagealloc,
        no_colouring=options.no_colouring,
        no_objfreelist=options.no_objfreelist,
        node_lists_apart=options.node_lists_apart,
        reap_all_nodes=options.reap_all_nodes,
        colour_under_list_lock=options.colour_under_list_lock,
        refill_under_list_lock=options.refill_under_list_lock,
        look_under_list_lock=options.look_under_list_lock,
    )
    return SlabAllocator(kernel, slab_options)


def _slub(kernel: Kernel, options: KernelOptions, seed: int) -> SlubAllocator:
    """Speed: loaded where asked for, being 30 modules that a run of SLAB does not need (benchmarks/start.py)."""
    from simslab.slub.allocator import SlubAllocator
    from simslab.slub.creation.options import SlubOptions

    given = {name: getattr(options, name) for name in SLUB_PARAMETERS if getattr(options, name) is not None}
    nomerge = given.pop("slub_nomerge")
    slub = SlubOptions(
        slab_nomerge=options.slab_nomerge or nomerge,
        debug_vm=options.debug_vm,
        memcg=options.memcg,
        init_on_alloc=options.init_on_alloc,
        init_on_free=options.init_on_free,
        freelist_random=options.freelist_random,
        freelist_hardened=options.freelist_hardened,
        freelist_seed=seed,
        **given,
    )
    return SlubAllocator(kernel, slub)


def start_clocks(system: System) -> None:
    """Bring all CPUs to one time: nobody has run during boot but CPU 0."""
    now = max(cpu.now for cpu in system.machine.cpus)
    for cpu in system.machine.cpus:
        cpu.now = now
        np.asarray(cpu.cause_owner)[:] = 0


def start_housekeeping(system: System, cpus: list[Cpu], reap: bool) -> None:
    """Start the ticks of `cpus`, the others being idle, and on all CPUs, with `reap`, cache_reap (cpucache_init)."""
    system.kernel.start_ticks(cpus)
    system.kernel.start_clocksource_watchdog()
    if reap:
        for number in system.allocator.online_cpus:
            system.allocator.start_reaping(system.machine.cpus[number])


def create_caches(system: System, specs: dict[str, CacheSpec], memcg: bool = False) -> dict[str, Cache]:
    """Create the caches a workload describes, by its names (several may share one); BadValue for one refused.

    In the headers of a kernel without `memcg` SLAB_ACCOUNT is 0.
    """
    made: dict[str, Cache] = {}
    for name, spec in specs.items():
        flags = parse_flags("|".join(spec.flags)) if spec.flags else 0
        flags &= ~(0 if memcg else SLAB_ACCOUNT)
        cache = system.allocator.kmem_cache_create(name, spec.size, spec.align, flags, 1 if spec.ctor else 0)
        if cache is None:
            told = f"the kernel cannot create a cache of {spec.size} bytes aligned to {spec.align}"
            raise BadValue(told, expected="a smaller size or alignment", at=("caches", name))
        made[name] = cache
    return made


def trace_cache(system: System, wanted: TraceCache, memcg: bool = False) -> Cache:
    """Return the cache that serves a recorded one: the standing cache of that name, else a new one of its size.

    In a kernel with `memcg` it has SLAB_ACCOUNT as the recorded one had.
    """
    found = system.find_cache(wanted.name)
    if found is not None:
        return found
    flags = (SLAB_HWCACHE_ALIGN if wanted.hwcache_align else 0) | (SLAB_ACCOUNT if memcg and wanted.account else 0)
    cache = system.allocator.kmem_cache_create(wanted.name, wanted.size, 0, flags)
    if cache is None:
        raise BadValue(f"the kernel cannot create '{wanted.name}' of {wanted.size} bytes", at=("trace", "file"))
    return cache


def other_sizes(system: System, wanted: Iterable[TraceCache], objects: Mapping[str, int]) -> dict[str, int]:
    """Return by reason how many of the recorded `objects` are of a standing cache with other sizes than recorded."""
    told: dict[str, int] = {}
    for cache in wanted:
        found = system.find_cache(cache.name)
        if found is None or (found.object_size, found.size) == (cache.size, cache.stride):
            continue
        recorded, used = f"{cache.size} bytes in {cache.stride}", f"{found.object_size} in {found.size}"
        told[f"cache '{cache.name}': {recorded} recorded, {used} simulated (not skipped)"] = objects[cache.name]
    return told


def named_cache(system: System, name: str, made: dict[str, Cache]) -> Cache:
    """Return the cache that a workload calls `name`, `made` or standing; BadValue when there is none."""
    found = made.get(name) or system.find_cache(name) or system.allocator.make_standing(name)
    if found is None:
        near = near_miss(name, [*made, *(cache.name for cache in system.allocator.caches)])
        raise BadValue(f"there is no cache '{name}'", expected="a cache of 'caches' or of the kernel's", near=near)
    return found


def tune(system: System, tunables: dict[str, Tunables], made: dict[str, Cache]) -> None:
    """Write the tunables that a workload gives to slabinfo, or to the attributes of SLUB's caches.

    BadValue for what the kernel does not take: the run would not be that of the workload.
    """
    for name, values in tunables.items():
        try:
            cache, given = named_cache(system, name, made), values.given()
            if err := system.allocator.tune(cache, given):
                raise _refused_tunables(system, cache, given, -err)
        except BadValue as fault:
            at = ("tunables", name, *fault.at)
            raise BadValue(fault.message, expected=fault.expected, near=fault.near, at=at) from None


def _refused_tunables(system: System, cache: Cache, given: Mapping[str, int], error: int) -> BadValue:
    """Return what is wrong with tunables for which a write failed: slabinfo_write, or cpu_partial_store of SLUB."""
    now = system.allocator.tunables(cache)
    wrong = [name for name, value in given.items() if now[name] != value]
    told = f"the kernel refuses it for cache '{cache.name}' ({errorcode[error]})"
    at = tuple(wrong[:1])
    if error == EINVAL and at:
        told += f" and leaves {at[0]} {now[at[0]]}"
    expected = {
        ENOMEM: "arrays that there is memory for: a node's shared one has shared x batchcount entries of 8 bytes",
        EINVAL: "0: a cache with debugging has no partial slabs of a CPU (kmem_cache_has_cpu_partial)",
    }.get(error, "what the kernel takes")
    return BadValue(told, expected=expected, at=at)


def inject_faults(system: System, spec: FailSlabSpec, seed: int, made: dict[str, Cache]) -> None:
    """Let allocations fail from now on; BadValue when the filter lets no cache through."""
    wanted, caches = spec.cache_filter, []
    if wanted is True and not any(cache.flags & SLAB_FAILSLAB for cache in system.allocator.caches):
        expected = "names of caches, or the letter A in the kernel's slub_debug (without no_slub_debug)"
        raise BadValue("no cache is marked for failslab", expected=expected, at=("failslab", "cache_filter"))
    for i, name in enumerate(() if isinstance(wanted, bool) else wanted):
        try:
            caches.append(named_cache(system, name, made).name)
        except BadValue as fault:
            at = ("failslab", "cache_filter", i)
            raise BadValue(fault.message, expected=fault.expected, near=fault.near, at=at) from None
    faults = FailSlab(spec.probability, seed, spec.interval, spec.times, spec.space, spec.ignore_gfp_wait)
    faults.cache_filter, faults.caches = bool(wanted), frozenset(caches)
    system.allocator.set_failslab(faults)

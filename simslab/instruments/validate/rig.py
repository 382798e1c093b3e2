"""The simulated set-up of a row: machine, kernel, memory of the loops' own, barriers and loops on CPUs.

As the measurements on silicon were made: no ticks, no reaping, no cache shared with another (`slab_nomerge`), caches
with SLAB_HWCACHE_ALIGN, the stand-in page allocator, and SLUB without CONFIG_SLUB_DEBUG. Published rows have the
kernel's own page allocator; those of kmalloc its caches, those of older kernels some patches less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from errno import errorcode
from typing import TYPE_CHECKING, Final, Literal

from simslab.base.errors import BadValue
from simslab.kernel import layout
from simslab.kernel.mm import gfp
from simslab.slab_common.flags import SLAB_HWCACHE_ALIGN
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.system import boot_system, start_clocks

if TYPE_CHECKING:
    from simslab.allocator.cache import Cache
    from simslab.machine.core.cpu import Cpu
    from simslab.machine.spec import MachineSpec

LOOP_INSNS: Final = 6  # estimate: of a turn of a loop around one call (count, compare, branch, call, address)
POOL_ORDER: Final = layout.MAX_ORDER - 1
QUANTUM: Final = 2000  # cycles that a CPU may run ahead between two of the loops' own settles
STREAM_AHEAD: Final = 8  # lines that the streamer is ahead of a loop through an array
LINE: Final = 64

Loop = Callable[["Cpu"], None]


class Rig:
    """One booted system, with `ablations` by name; `cache` makes the cache of a row, `run` runs loops at once."""

    def __init__(
        self,
        spec: MachineSpec,
        stand_in: bool = True,
        quantum: int = QUANTUM,
        allocator: Literal["slab", "slub"] = "slab",
        ablations: Iterable[str] = (),
    ) -> None:
        options = KernelOptions(
            allocator=allocator,
            slab_nomerge=True,
            reap=False,
            stand_in_pages=stand_in,
            no_slub_debug=allocator == "slub",
        ).model_copy(update=dict.fromkeys(ablations, True))
        self.system = boot_system(spec, options, quantum)
        self.machine = self.system.machine
        self.allocator = self.system.allocator
        self.cpus = self.machine.cpus
        self.caches = self.kmalloc_size = 0
        self.free_memory = self.end_of_memory = 0

    def cache(self, size: int, tunables: Mapping[str, int] | None = None) -> Cache:
        """Return a new cache of objects of `size` bytes, with these tunables; BadValue if the kernel refuses them."""
        self.caches += 1
        made = self.allocator.kmem_cache_create(f"silicon-{self.caches}", size, 0, SLAB_HWCACHE_ALIGN)
        assert made is not None  # nothing is too large or too small among the rows
        if tunables is not None and (err := self.allocator.tune(made, tunables)):
            told = ", ".join(f"{name}={value}" for name, value in tunables.items())
            raise BadValue(f"the kernel refuses {told} ({errorcode[-err]})", expected="tunables that it takes")
        return made

    def kmalloc_cache(self, size: int) -> Cache:
        """Return kmalloc's cache for `size` bytes; `allocate` and `free` are kmalloc and kfree from now on."""
        self.kmalloc_size = size
        found = self.allocator.kmalloc_slab(size, gfp.GFP_KERNEL)
        assert found is not None  # rows ask for no more than the largest
        return found

    def allocate(self, cpu: Cpu, cache: Cache) -> int:
        """Allocate an object."""
        if self.kmalloc_size:
            return self.allocator.kmalloc(cpu, self.kmalloc_size, gfp.GFP_KERNEL)
        return self.allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)

    def free(self, cpu: Cpu, cache: Cache, objp: int) -> None:
        """Free it."""
        if self.kmalloc_size:
            self.allocator.kfree(cpu, objp)
        else:
            self.allocator.kmem_cache_free(cpu, cache, objp)

    def memory(self, size: int, align: int = LINE) -> int:
        """Return the address of `size` bytes for the loops themselves, which do not run yet (CPU 0 allocates it)."""
        start = -(-self.free_memory // align) * align
        if self.free_memory == 0 or start + size > self.end_of_memory:
            pfn = self.system.kernel.page_allocator.alloc_pages(self.cpus[0], gfp.GFP_KERNEL, POOL_ORDER, 0)
            start = pfn << layout.PAGE_SHIFT
            self.end_of_memory = start + (layout.PAGE_SIZE << POOL_ORDER)
        self.free_memory = start + size
        return start

    def run(self, loops: Iterable[tuple[int, Loop]]) -> None:
        """Run each loop on its CPU, all from one time on, to their ends."""
        start_clocks(self.system)
        for number, loop in loops:
            cpu = self.cpus[number]
            self.machine.engine.spawn(cpu, _bound(loop, cpu))
        self.machine.engine.run()

    def ns(self, cycles: float) -> float:
        """Return cycles of the core clock in nanoseconds."""
        return cycles * 1e9 / self.machine.frequency_hz


def _bound(loop: Loop, cpu: Cpu) -> Callable[[], None]:
    def run() -> None:
        cpu.busy = 1
        loop(cpu)
        cpu.busy = 0

    return run


class Barrier:
    """Where `parties` CPUs wait for one another, again and again, spinning on a line of its own."""

    def __init__(self, rig: Rig, parties: int) -> None:
        self.engine = rig.machine.engine
        self.addr = rig.memory(LINE)
        self.parties = parties
        self.waiting: list[Cpu] = []

    def meet(self, cpu: Cpu) -> None:
        """Return once all have come; each then has fetched the line that says so."""
        cpu.settle()
        cpu.atomic(self.addr)
        cpu.settle()
        if len(self.waiting) + 1 == self.parties:
            here, self.waiting = self.waiting, []
            cpu.write(self.addr)
            for other in here:
                self.engine.wake(other, cpu.now)
        else:
            self.waiting.append(cpu)
            self.engine.park(cpu)
            cpu.read(self.addr)
        cpu.settle()


class Pointers:
    """An array in which a loop keeps its objects' addresses, in order, an eighth of a line each.

    The streamer of the L2 is ahead of the loop, but for lines that another core holds (`CoherentMemory.prefetch`): who
    frees what another CPU allocated waits for them.
    """

    def __init__(self, rig: Rig, count: int) -> None:
        self.addr = rig.memory(8 * (count + 8 * STREAM_AHEAD))
        self.objects = [0] * count

    def load(self, cpu: Cpu, number: int) -> None:
        """Charge the load of entry `number`."""
        if not number & 7:
            cpu.read(self._streamed(cpu, number))

    def store(self, cpu: Cpu, number: int) -> None:
        """Charge the store of entry `number`."""
        if not number & 7:
            cpu.write(self._streamed(cpu, number))

    def _streamed(self, cpu: Cpu, number: int) -> int:
        """Return the entry's address, a line further on being asked for."""
        addr = self.addr + 8 * number
        cpu.memory.prefetch(cpu.core, addr // LINE + STREAM_AHEAD, cpu.now)
        return addr


def arrays_of_pointers(rig: Rig, cpus: int, count: int) -> list[Pointers]:
    """Return one for each CPU; before the loops run, since CPU 0 takes the pages for them."""
    return [Pointers(rig, count) for _ in range(cpus)]


def let_in(cpu: Cpu) -> None:
    """Let CPUs that are behind catch up where this one has run far enough."""
    if cpu.now >= cpu.horizon:
        cpu.settle()

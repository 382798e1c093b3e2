"""Memory cgroups and what slab objects refer to in their stead (include/linux/memcontrol.h)."""

from __future__ import annotations

from dataclasses import dataclass

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg import layout
from simslab.kernel.memcg.page_counter import PageCounter
from simslab.machine.core.cpu import Cpu


class PercpuRef:
    """References counted by CPU (lib/percpu-refcount.c): who takes one writes his own CPU's line.

    `addr` is that of struct percpu_ref, `counts[cpu]` those of the counters. `count` is the sum over all CPUs.
    """

    def __init__(self, addr: int, counts: list[int]) -> None:
        self.addr = addr
        self.counts = counts
        self.count = 1

    def get(self, cpu: Cpu) -> None:
        """Take a reference (percpu_ref_get, and percpu_ref_tryget of one that is alive)."""
        self._add(cpu, 1)

    def put(self, cpu: Cpu) -> None:
        """Drop a reference (percpu_ref_put). The creator's own stays: nobody removes a cgroup."""
        self._add(cpu, -1)
        if self.count < 1:
            raise KernelBugError(f"a reference at {self.addr:#x} is dropped once too often")

    def _add(self, cpu: Cpu, change: int) -> None:
        cpu.insn(insns.REF)
        cpu.read(self.addr)
        cpu.update(self.counts[cpu.id])
        self.count += change


@dataclass
class MemcgCounts:
    """What was done for one cgroup (model). Objects unless said."""

    charges: int = 0
    bytes_charged: int = 0
    uncharges: int = 0
    stock_hits: int = 0  # charges that the CPU's bytes were enough for
    page_charges: int = 0  # charges that took whole pages
    batches: int = 0  # of them, those that took 32 pages from the counter
    failures: int = 0  # charges refused: the allocation returns NULL
    forced: int = 0  # charges above the limit that could not be refused
    drains: int = 0  # a CPU's bytes given back for another cgroup's, or for being more than a page
    vectors: int = 0
    vectors_failed: int = 0  # no memory for a vector: the object stays uncharged
    vectors_raced: int = 0  # another CPU's vector came first


class NodeStats:
    """Slab bytes of a cgroup on one node (struct mem_cgroup_per_node), or of it all (vmstats).

    `parts[cpu][item]` are bytes not yet added to `total[item]`; `addresses[cpu]` those of the parts.
    """

    def __init__(self, addr: int, addresses: list[int]) -> None:
        self.addr = addr
        self.addresses = addresses
        self.parts = [[0, 0] for _ in addresses]
        self.total = [0, 0]

    def sum(self) -> int:
        """Slab bytes of both kinds, those of all CPUs included."""
        return sum(self.total) + sum(map(sum, self.parts))


class ObjCgroup:
    """What a charged object refers to (struct obj_cgroup): the cgroup, and bytes of its pages that no CPU has."""

    def __init__(self, memcg: MemCgroup, addr: int, counts: list[int]) -> None:
        self.memcg = memcg
        self.addr = addr
        self.refcnt = PercpuRef(addr + layout.OBJCG_REFCNT, counts)
        self.nr_charged_bytes = 0


class MemCgroup:
    """A memory cgroup (struct mem_cgroup). The root has `parent` None and `objcg` None: its tasks are not charged."""

    def __init__(self, name: str, addr: int, limit: int, parent: MemCgroup | None, counts: list[int]) -> None:
        self.name = name
        self.addr = addr
        self.parent = parent
        memory = addr + layout.MEMCG_MEMORY
        self.memory: PageCounter = PageCounter(memory, limit, None if parent is None else parent.memory)
        self.css = PercpuRef(addr + layout.MEMCG_CSS_REFCNT, counts)
        self.objcg: ObjCgroup | None = None
        self.vmstats = NodeStats(addr + layout.MEMCG_VMSTATS, [])
        self.nodeinfo: list[NodeStats] = []
        self.counts = MemcgCounts()
        self.bytes_lost = 0  # model: charges that bulk allocations left behind when they failed half way

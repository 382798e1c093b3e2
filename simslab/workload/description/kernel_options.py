"""What a workload may say about the kernel: its options, injected faults, memory policies and cpusets of tasks."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from simslab.base.errors import BadValue
from simslab.base.units import Duration, Size, parse_duration
from simslab.slab_common.flags import SLAB_CONSISTENCY_CHECKS
from simslab.slub.creation.options import SlubOptions, debug_bits
from simslab.slub.flags import SLAB_DEBUG_FLAGS
from simslab.workload.description.quantities import Strict, Time

Node = Annotated[int, Field(ge=0, lt=1024)]


def _listed(value: Any) -> Any:
    """One node needs no list."""
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


def _each_once(nodes: str | list[int]) -> str | list[int]:
    for i, node in enumerate(nodes if isinstance(nodes, list) else ()):
        if node in nodes[:i]:
            raise BadValue(f"node {node} is listed twice", expected="each node once", at=(i,))
    return nodes


Nodes = Annotated[
    Literal["all"] | Annotated[list[Node], Field(min_length=1)],
    BeforeValidator(_listed),
    AfterValidator(_each_once),
]

OF_SLAB: Final = (
    "noaliencache",
    "slab_max_order",
    "debug_slab",
    "debug_pagealloc",
    "no_colouring",
    "no_objfreelist",
    "node_lists_apart",
    "reap_all_nodes",
    "colour_under_list_lock",
    "refill_under_list_lock",
    "look_under_list_lock",
)
OF_SLUB: Final = (
    "slub_min_order",
    "slub_max_order",
    "slub_min_objects",
    "slub_debug",
    "slub_nomerge",
    "no_slub_debug",
)
NUMA_SPINLOCK_THRESHOLD: Final = parse_duration("1 ms")  # qspinlock.numa_spinlock_threshold_ns, version 15


class KernelOptions(Strict):
    """Boot parameters and configuration of the simulated kernel."""

    allocator: Literal["slab", "slub"] = Field(default="slab", description="CONFIG_SLAB or CONFIG_SLUB")
    hz: Literal[100, 250, 300, 1000] | None = Field(default=None, description="CONFIG_HZ; the machine's by default")
    reap: bool = Field(default=True, description="run cache_reap every two seconds on every CPU")
    noaliencache: bool = False
    slab_nomerge: bool = False
    slab_max_order: Annotated[int, Field(ge=0, le=10)] | None = None
    slub_min_order: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="of SLUB: least order of a slab, as far as `slub_max_order` lets it; 0 by default"
    )
    slub_max_order: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="of SLUB: largest order of a slab of many objects; 3 by default"
    )
    slub_min_objects: Annotated[int, Field(ge=0, le=32767)] | None = Field(
        default=None, description="of SLUB: least objects in a slab; by the number of CPUs by default"
    )
    slub_debug: str | None = Field(
        default=None,
        description="of SLUB: letters of F, Z, P, U, T, A and O, then `,` and names of caches; blocks of both are "
        "separated by `;`; empty: all of F, Z, P and U for every cache",
    )
    slub_nomerge: bool = Field(default=False, description="of SLUB: the same as `slab_nomerge`")
    no_slub_debug: bool = Field(
        default=False, description="of SLUB: without CONFIG_SLUB_DEBUG, so that nobody counts a node's slabs"
    )
    debug_slab: bool = Field(default=False, description="CONFIG_DEBUG_SLAB: red zones, poison, statistics")
    debug_vm: bool = Field(
        default=False,
        description="CONFIG_DEBUG_VM: creation refuses sizes not of 8 bytes to 4 MiB and warns of blanks",
    )
    init_on_alloc: bool = Field(
        default=False, description="zero every page, and every object without a constructor, when it is allocated"
    )
    init_on_free: bool = Field(
        default=False, description="zero every page, and objects whose contents nobody needs, when they are freed"
    )
    freelist_random: bool = Field(default=False, description="CONFIG_SLAB_FREELIST_RANDOM, from the run's seed")
    freelist_hardened: bool = Field(default=False, description="CONFIG_SLAB_FREELIST_HARDENED")
    debug_pagealloc: bool = Field(
        default=False,
        description="CONFIG_DEBUG_PAGEALLOC and its boot parameter: free pages are not mapped, all memory is mapped by "
        "pages of 4 KiB; with debug_slab free objects of whole pages neither",
    )
    no_colouring: bool = Field(
        default=False, description="not 5.10: the first object of every slab begins at the same offset"
    )
    no_objfreelist: bool = Field(
        default=False, description="not 5.10: no free object holds its slab's index array, as up to 4.5"
    )
    node_lists_apart: bool = Field(
        default=False,
        description="not 5.10: a node's lists and counters begin in the line behind list_lock's, which waiters poll",
    )
    reap_all_nodes: bool = Field(
        default=False,
        description="not 5.10: cache_reap sends home the aliens of all nodes in each pass, interrupts off (to 2.6.16)",
    )
    colour_under_list_lock: bool = Field(
        default=False, description="not 5.10: the colour of a new slab is chosen under list_lock, as up to 4.6"
    )
    refill_under_list_lock: bool = Field(
        default=False,
        description="not 5.10: a new slab enters its node's lists before it serves, under list_lock, as up to 4.6",
    )
    look_under_list_lock: bool = Field(
        default=False,
        description="not 5.10: whether a node has objects is looked up under list_lock, as up to 4.6",
    )
    irq_cost: Time | None = Field(
        default=None,
        description="what local_irq_save and local_irq_restore take together, in place of the machine's, whose ratio "
        "they keep; 0 as if interrupts were never masked",
    )
    stand_in_pages: bool = Field(
        default=False,
        description="not 5.10's page allocator but the stand-in of the silicon rows: lists of each CPU over a pool",
    )
    pages_of_46: bool = Field(
        default=False,
        description="not 5.10: pages cost what they did up to 4.6, and half as many move to and from a CPU's list",
    )
    numa_spinlock: bool = Field(
        default=False,
        description="not 5.10: spinlocks are handed to waiters on the holder's node first (compact NUMA-aware lock)",
    )
    numa_spinlock_threshold: Time | None = Field(
        default=None, description="how long others may be passed over, with numa_spinlock; 1 ms by default"
    )
    have_memoryless_nodes: bool = Field(
        default=False,
        description="CONFIG_HAVE_MEMORYLESS_NODES, which ia64 and powerpc have and x86 has not: CPUs of a node without "
        "memory take the nearest node with memory for their own; else they fall back at every allocation",
    )
    memcg: bool = Field(
        default=False,
        description="CONFIG_MEMCG_KMEM: caches may have the flag SLAB_ACCOUNT, and tasks of `cgroups` are charged for "
        "objects of these and for requests with __GFP_ACCOUNT; a struct page of 64 bytes",
    )
    memalloc_sockets: bool = Field(
        default=False, description="a socket that swapping needs (SOCK_MEMALLOC): slabs of the reserves are kept apart"
    )

    @model_validator(mode="after")
    def _threshold_of_numa_spinlock(self) -> KernelOptions:
        if self.numa_spinlock_threshold is not None and not self.numa_spinlock:
            told = "spinlocks that know nothing of nodes have no threshold"
            raise BadValue(told, expected="'numa_spinlock: true'", at=("numa_spinlock_threshold",))
        return self

    @property
    def passed_over(self) -> Duration | None:
        """How long waiters on other nodes may be passed over; None where nobody looks at nodes."""
        return (self.numa_spinlock_threshold or NUMA_SPINLOCK_THRESHOLD) if self.numa_spinlock else None

    @model_validator(mode="after")
    def _of_one_allocator(self) -> KernelOptions:
        foreign = OF_SLAB if self.allocator == "slub" else OF_SLUB
        for name in foreign:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise BadValue(
                    f"'{name}' is not an option of {self.allocator.upper()}",
                    expected=f"'allocator: {'slab' if self.allocator == 'slub' else 'slub'}', or no '{name}'",
                    at=(name,),
                )
        return self

    @property
    def debugs_objects(self) -> bool:
        """Whether objects, of some caches at least, have contents and are checked."""
        return self.debug_slab or any(bits & SLAB_DEBUG_FLAGS for bits in self._debug_bits())

    @property
    def checks_frees(self) -> bool:
        """Whether an object that is freed twice is found, in every cache whose objects have contents."""
        with_contents = [bits for bits in self._debug_bits() if bits & SLAB_DEBUG_FLAGS]
        return self.debug_slab or all(bits & SLAB_CONSISTENCY_CHECKS for bits in with_contents)

    def _debug_bits(self) -> list[int]:
        return [debug_bits(letters) for letters, _ in SlubOptions(slub_debug=self.slub_debug).debug_blocks()]

    @field_validator("slub_debug")
    @classmethod
    def _letters_of_slub(cls, value: str | None) -> str | None:
        SlubOptions(slub_debug=value)
        return value

    @model_validator(mode="after")
    def _debug_of_a_kernel_that_has_it(self) -> KernelOptions:
        if self.no_slub_debug and self.slub_debug is not None:
            told = "a kernel without CONFIG_SLUB_DEBUG takes no 'slub_debug'"
            raise BadValue(told, expected="one of 'no_slub_debug' and 'slub_debug'", at=("slub_debug",))
        return self


class FailSlabSpec(Strict):
    """Allocations that fail by design, as /sys/kernel/debug/failslab has it; from when the threads start."""

    probability: Annotated[float, Field(ge=0, le=100)] = Field(description="percent")
    interval: Annotated[int, Field(ge=1)] = Field(1, description="of every so many allocations one may fail")
    times: Annotated[int, Field(ge=-1)] = Field(-1, description="failures at most; -1 for no bound")
    space: Size = Field(0, description="bytes that are allocated before the first failure")
    ignore_gfp_wait: bool = Field(
        True, description="spare requests that may sleep (GFP_KERNEL), as the kernel does unless told otherwise"
    )
    cache_filter: bool | list[str] = Field(
        False, description="true: only caches with the letter A in `slub_debug`; or names: only these beside them"
    )


class MemPolicySpec(Strict):
    """A task's memory policy (set_mempolicy): of objects with SLAB, of slabs with SLUB; interrupts have none."""

    mode: Literal["preferred", "bind", "interleave"]
    nodes: Nodes = "all"

    @model_validator(mode="after")
    def _one_is_preferred(self) -> MemPolicySpec:
        if self.mode == "preferred" and len(self.nodes) != 1:
            raise BadValue("a preferred policy has one node", expected="'nodes: 1' or so", at=("nodes",))
        return self


class CgroupSpec(Strict):
    """A memory cgroup below the root (cgroup v2)."""

    limit: Annotated[Size, Field(ge=4096)] | None = Field(
        default=None, description="memory.max in bytes, whole pages of which count; none by default"
    )


class CpusetSpec(Strict):
    """The cpuset of a task: nodes it may have memory of, and whether its caches are spread over them."""

    mems: Nodes = "all"
    spread_slab: bool = Field(
        default=False, description="cpuset.memory_spread_slab, for caches with the flag MEM_SPREAD"
    )

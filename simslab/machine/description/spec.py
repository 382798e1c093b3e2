"""The machine file: what a user may write to describe a machine, with units and ranges.

Parameters are physical (a hop, a directory look-up, a DRAM access), never end-to-end latencies by pair; the sums come
out of the path that a miss takes (`simslab.machine.timing.cycles`). What spans several fields is checked in
`simslab.machine.description.validate`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simslab.base.errors import BadValue
from simslab.base.units import Bandwidth, Duration, Frequency, Size
from simslab.machine.description.cpulist import CpuList


def _number(value: object) -> object:
    """Refuse booleans and strings where a plain number is meant."""
    if isinstance(value, bool | str):
        raise BadValue(f"{value!r:.60} is not a number", expected="a number")
    return value


Count = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
NodeNumber = Annotated[Count, Field(ge=0)]


def _link_ends(value: object) -> object:
    """Tell in one message what a link's ends may be, where a union would tell one per member."""
    two = isinstance(value, list) and len(value) == 2 and all(isinstance(end, int) or end for end in value)
    if value in ("all", "ring") or two:
        return value
    raise BadValue(f"{value!r:.60} cannot stand here", expected="two nodes or groups of nodes, 'all' or 'ring'")


LinkEnd = NodeNumber | Annotated[list[NodeNumber], Field(min_length=1, max_length=64)]
LinkEnds = Annotated[
    Literal["all", "ring"] | Annotated[list[LinkEnd], Field(min_length=2, max_length=2)], BeforeValidator(_link_ends)
]
Point = Annotated[list[Annotated[Count, Field(ge=0, le=64)]], Field(min_length=2, max_length=2)]


class SpecModel(BaseModel):
    """Base of the parts of a machine file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LayoutSpec(SpecModel):
    """How many of everything; dies and CCXs matter where an L3 or a node is that small."""

    packages: Count = Field(default=1, ge=1, le=64, description="packages (sockets) in the machine")
    dies: Count = Field(default=1, ge=1, le=64, description="dies (CCDs, tiles) in each package")
    ccxs: Count = Field(default=1, ge=1, le=16, description="core complexes in each die")
    cores: Count = Field(default=1, ge=1, le=1024, description="cores in each core complex")
    threads: Count = Field(default=1, ge=1, le=8, description="hardware threads (CPUs) of each core")
    numbering: Literal["threads-last", "threads-adjacent"] = Field(
        default="threads-last",
        description="threads-last: first threads of all cores, package by package, then the second threads, as x86 "
        "firmware does; threads-adjacent: the threads of a core have consecutive numbers",
    )
    cpu_numbers: list[CpuList] | None = Field(
        default=None,
        description="CPU numbers of each core's threads, one entry per core; replaces `numbering`. Fewer numbers: "
        "fewer threads; an empty entry: no core in that place, for machines whose packages are not alike",
    )


class CoreSpec(SpecModel):
    """The core's pace."""

    frequency: Frequency = Field(description="core clock, the unit of all simulated time")
    ipc: Number = Field(ge=0.01, le=16, description="instructions per cycle when every access hits L1")
    ipc_cold: Number | None = Field(
        None,
        ge=0.01,
        le=16,
        description="the same in code off the fast paths (page allocator, slab growth); default ipc",
    )
    hidden: Duration = Field(
        default=Duration(Fraction(8), "cycles"),
        description="part of each load's latency that out-of-order execution hides",
    )
    store_divisor: Count = Field(
        default=4,
        ge=1,
        le=64,
        description="without a store buffer: a missing store costs what `hidden` leaves of its latency divided by this "
        "(stores in flight at once)",
    )
    outstanding: Count = Field(
        default=10, ge=1, le=256, description="misses that one core has in flight at once (fill buffers, L2 queue)"
    )
    store_buffer: Count | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="entries of the store buffer, shared out among the core's threads: stores wait in it for their "
        "lines, in order, and stall the core when it is full; absent: `store_divisor` stands for it",
    )
    store_interval: Count = Field(
        default=10,
        ge=1,
        le=1000,
        description="with a store buffer: instructions for each store to a line that is always there (stack, spilled "
        "registers); such stores retire in order behind those that miss",
    )
    forward: Duration = Field(
        default=Duration(Fraction(5), "cycles"),
        description="a load that takes the value of a store just before it (store forwarding); loops over lists and "
        "counters in memory wait for one or more of them at each turn",
    )
    prefetch: Literal["none", "next-line"] = Field(
        default="none", description="next-line: a miss in the L1 also brings the line after it into the L2"
    )
    smt_throughput: Number | None = Field(
        default=None,
        ge=1,
        le=8,
        description="instructions per cycle of all busy threads of a core together, over one alone; absent: threads do "
        "not slow one another",
    )


class TlbArraySpec(SpecModel):
    """The entries of one level for one page size."""

    entries: Count = Field(ge=1, le=65536, description="translations that it holds")
    ways: Count | None = Field(default=None, ge=1, le=256, description="associativity; absent: fully associative")


class TlbLevelSpec(SpecModel):
    """One level of data TLB; a page size left out has no entries in it."""

    page_4k: TlbArraySpec | None = Field(default=None, description="entries for 4 KiB pages")
    page_2m: TlbArraySpec | None = Field(default=None, description="entries for 2 MiB pages")
    page_1g: TlbArraySpec | None = Field(default=None, description="entries for 1 GiB pages")


class WalkSpec(SpecModel):
    """Loads of table lines in a page walk, by page size: what the paging-structure caches leave."""

    page_4k: Count = Field(default=1, ge=0, le=4, description="loads for a 4 KiB page")
    page_2m: Count = Field(default=1, ge=0, le=3, description="loads for a 2 MiB page")
    page_1g: Count = Field(default=1, ge=0, le=2, description="loads for a 1 GiB page")


class TlbSpec(SpecModel):
    """Translation of addresses in each core."""

    direct_map: Literal["4K", "2M", "1G"] = Field(
        default="1G", description="page size with which the kernel maps all memory"
    )
    l1: TlbLevelSpec = Field(description="first level of the data TLB; hits cost nothing of their own")
    l2: TlbLevelSpec = Field(default=TlbLevelSpec(), description="second level")
    l2_hit: Duration = Field(
        default=Duration(Fraction(7), "cycles"), description="added to an access that only the second level translates"
    )
    walk: Duration = Field(description="added to one that neither does, beyond the loads of table lines")
    references: WalkSpec = Field(default=WalkSpec(), description="loads of table lines in a walk")


class CacheSpec(SpecModel):
    """A private cache of each core."""

    size: Size = Field(description="bytes of each instance")
    ways: Count = Field(ge=1, le=256, description="associativity")
    latency: Duration = Field(description="load-to-use latency of a hit")
    bandwidth: Bandwidth | None = Field(
        default=None, description="what one instance delivers, to all its cores together; unlimited where absent"
    )


class L3Spec(CacheSpec):
    """The shared last-level cache."""

    scope: Literal["package", "die", "ccx", "node"] = Field(default="package", description="whose cores share one L3")
    inclusion: Literal["inclusive", "exclusive", "non-inclusive"] = Field(
        default="inclusive", description="whether lines in L1/L2 are also in L3; exclusive: L3 is a victim cache"
    )
    other_core: Duration = Field(
        description="added to an L3 hit when another core below the same L3 holds the line modified"
    )
    other_core_exclusive: Duration | None = Field(
        default=None, description="the same for a line held exclusive and clean; default as modified"
    )
    other_core_shared: Duration | None = Field(
        default=None, description="the same for a shared line that the L3 does not hold; default as exclusive"
    )
    core_bandwidth: Bandwidth | None = Field(
        default=None, description="what one core can take from its L3 and beyond; unlimited where absent"
    )
    port_read: Bandwidth | None = Field(
        default=None, description="what one L3 can receive from the fabric; unlimited where absent"
    )
    port_write: Bandwidth | None = Field(
        default=None, description="what one L3 can send to the fabric; unlimited where absent"
    )


class CoherenceSpec(SpecModel):
    """Who answers a miss, and how long the parts of it take."""

    protocol: Literal["MESIF", "MOESI"] = Field(
        default="MESIF", description="MESIF (Intel) or MOESI (AMD: owned dirty lines)"
    )
    home: Literal["directory", "snoop", "source-snoop"] = Field(
        "directory",
        description="directory: the home agent knows the holders; snoop: it asks everybody; source-snoop: the "
        "requester asks everybody at the same time as the home, and an owner answers it directly",
    )
    filter: Literal["l3", "package"] = Field(
        "l3",
        description="whom a home agent's snoop filter sees: the cores below its own L3, or those of its whole package "
        "(sub-NUMA clusters)",
    )
    memory_bits: bool = Field(
        False,
        description="true: a home agent learns of holders beyond its filter only from bits kept with the line in "
        "memory, so that it reads memory before it asks them; false: it knows them at the look-up",
    )
    memory_ahead: Duration = Field(
        default=Duration(Fraction(0), "cycles"),
        description="how long before L3 and home agent have answered a memory that shares the home's filter is read "
        "already (XPT prefetch)",
    )
    directory: Duration = Field(description="look-up at the line's home agent")
    snoop: Duration = Field(description="probe of an L3 and the core that holds the line, at the owner")


class CurveSpec(SpecModel):
    """A measured bandwidth-latency curve instead of channels, bank conflicts and row misses."""

    impl: Literal["curve"] = Field(description="curve: latencies by bandwidth, as a loaded-latency sweep tells them")
    points: list[tuple[Bandwidth, Duration]] = Field(
        min_length=2,
        max_length=256,
        description="[bandwidth of the node, load-to-use latency of its own cores], rising; what is above the first "
        "latency is queueing, the last bandwidth is the most that the node gives",
    )


class DramSpec(SpecModel):
    """The memory of a node."""

    latency: Duration = Field(description="memory controller and DRAM access, without L3, hops and directory")
    channels: Count = Field(default=1, ge=1, le=64, description="memory channels of the node")
    bandwidth: Bandwidth = Field(description="sustained read bandwidth of one channel")
    write_bandwidth: Bandwidth | None = Field(
        default=None, description="the same for writes among reads, turnaround included; default as for reads"
    )
    stream_write_bandwidth: Bandwidth | None = Field(
        default=None, description="the same for non-temporal writes, which send whole lines unread; default as writes"
    )
    conflict: Duration = Field(
        default=Duration(Fraction(0), "cycles"),
        description="mean delay by busy banks when all channels are busy; a third of it at half their use",
    )
    row_miss: Duration = Field(
        default=Duration(Fraction(0), "cycles"),
        description="added to an access that does not find its DRAM row open; 0 puts the mean into `latency`",
    )
    queue: CurveSpec | None = Field(
        default=None,
        description="replaces channels, `conflict` and `row_miss`; bandwidths then only tell what a write costs",
    )


class RootPortSpec(SpecModel):
    """Where a memory-only node is attached."""

    package: NodeNumber | None = Field(
        default=None, description="package whose root port leads to the memory, equally near to the package's nodes"
    )
    node: NodeNumber | None = Field(default=None, description="instead of `package`: node at which the port is")
    latency: Duration = Field(description="added to each access by the port, the cable and the device's controller")


class NodeSpec(SpecModel):
    """A NUMA node, or with `each` one per package or die; nodes are numbered in order."""

    name: str = Field(default="", max_length=200, description="for people, and for overrides: nodes.NAME.memory=2 GiB")
    id: NodeNumber | None = Field(
        default=None,
        le=1023,
        description="number that people and this file use for the (first) node, where numbers have gaps; later nodes "
        "count on from it",
    )
    each: Literal["package", "die", "ccx"] | None = Field(
        default=None, description="make one such node for every package, die or CCX"
    )
    package: NodeNumber | None = Field(default=None, description="package whose CPUs are the node's")
    die: NodeNumber | None = Field(default=None, description="die of that package whose CPUs are the node's")
    cpus: CpuList | None = Field(
        default=None, description="the node's CPUs, listed; empty for memory that has links of its own"
    )
    position: Point | None = Field(default=None, description="[x, y] on the package, in mesh hops; needs `mesh`")
    positions: list[Point] | None = Field(
        default=None, min_length=1, max_length=64, description="with `each`: a position for each, repeated as needed"
    )
    memory: Size = Field(description="bytes of memory, 0 for a node without")
    dram: DramSpec | None = Field(
        default=None, description="the node's memory, where it differs from the machine's `dram`"
    )
    root_port: RootPortSpec | None = Field(default=None, description="makes this a memory-only node behind that port")
    memory_side_cache: Size = Field(
        default=0, description="bytes of cache in front of the node's memory; kept and shown, not modelled"
    )


class MeshSpec(SpecModel):
    """The mesh (or ring) of a package that holds several nodes: hops between their positions add up."""

    hop: Duration = Field(description="one step in x or y, one way")
    bandwidth: Bandwidth = Field(description="between two nodes of a package, in each direction")
    port: Point | None = Field(
        default=None,
        description="position at which links between packages leave; absent: they are equally near to all nodes",
    )


class LinkSpec(SpecModel):
    """A link between two nodes or two groups of nodes, both ways; or a set of equal links."""

    name: str = Field(default="", max_length=200, description="for people, and for overrides: links.NAME.latency=60 ns")
    between: LinkEnds = Field(
        description="two ends, each a node or a group of nodes that are equally near to it; 'all': every pair of nodes "
        "with CPUs; 'ring': each to the next"
    )
    latency: Duration = Field(description="one way")
    bandwidth: Bandwidth = Field(description="in each direction")
    back_latency: Duration | None = Field(default=None, description="from the second end to the first, where different")
    back_bandwidth: Bandwidth | None = Field(
        default=None, description="from the second end to the first, where different"
    )


class RouteSpec(SpecModel):
    """A route used instead of the shortest."""

    between: Annotated[list[NodeNumber], Field(min_length=2, max_length=2)] = Field(description="the two end nodes")
    via: list[NodeNumber] = Field(description="nodes in between, in order")
    one_way: bool = Field(default=False, description="from the first node to the second only")


class IdleLatencySpec(SpecModel):
    """Measured idle latencies instead of the sums along paths, for who has nothing but such a table."""

    impl: Literal["matrix"] = Field(description="matrix: end-to-end latencies by pair of nodes")
    dram: list[list[Duration | None]] = Field(
        max_length=64,
        description="a row per node of the reader, a column per node of the memory; null where there is no reader or "
        "no memory",
    )


class KernelCostsSpec(SpecModel):
    """Cycles of operations that only a kernel performs, their own instructions included."""

    atomic: Duration = Field(description="locked read-modify-write on a line in L1 in M")
    irq_save: Duration = Field(description="local_irq_save: pushf, pop, cli")
    irq_restore: Duration = Field(description="local_irq_restore: push, popf")
    cli: Duration = Field(description="local_irq_disable")
    sti: Duration = Field(description="local_irq_enable")
    irq_entry: Duration = Field(description="from interrupt delivery to the handler's first instruction")
    irq_exit: Duration = Field(description="from the handler's last instruction back to the interrupted code")
    ipi: Duration = Field(description="sending an interprocessor interrupt")
    pause: Duration = Field(
        default=Duration(Fraction(0), "cycles"),
        description="PAUSE: a spinning CPU looks at what it waits for only once in this time",
    )
    clear_bytes_per_cycle: Number = Field(ge=0.1, le=256, description="bytes that rep stosb clears per cycle in L1")
    hz: Count = Field(default=250, ge=1, le=10000, description="timer ticks per second (CONFIG_HZ)")


class MachineSpec(SpecModel):
    """A machine file."""

    extends: str | None = Field(
        default=None,
        max_length=4096,
        description="a shipped machine or a file: what this file does not say stands there. Mappings are merged key "
        "by key, lists are replaced; name, description and measured_as are not taken over",
    )
    name: str = Field(default="", max_length=200, description="what reports call the machine")
    description: str = Field(default="", max_length=4000, description="what it models, for people")
    measured_as: list[str] = Field(
        default=[], max_length=16, description="names under which tables of measurements list this machine"
    )
    layout: LayoutSpec = Field(default=LayoutSpec(), description="packages, dies, cores, threads and their numbers")
    core: CoreSpec
    l1d: CacheSpec = Field(description="level 1 data cache of each core")
    l2: CacheSpec = Field(description="level 2 cache of each core")
    l3: L3Spec
    tlb: TlbSpec | None = Field(default=None, description="data TLBs of each core; absent: translation costs nothing")
    coherence: CoherenceSpec
    dram: DramSpec = Field(description="memory of every node that does not give its own")
    nodes: list[NodeSpec] = Field(min_length=1, max_length=64, description="the NUMA nodes, in order of number")
    mesh: MeshSpec | None = Field(default=None, description="way between nodes that have a position in their package")
    links: list[LinkSpec] = Field(default=[], max_length=4096, description="the interconnect")
    routes: list[RouteSpec] = Field(default=[], max_length=4096, description="routes that are not the shortest")
    distances: list[list[Annotated[Count, Field(ge=10, le=255)]]] | None = Field(
        default=None, max_length=64, description="SLIT: row per node, 10 is local; derived from the links where absent"
    )
    idle_latency: IdleLatencySpec | None = Field(
        default=None, description="measured latencies by pair of nodes; links then give routes and bandwidth only"
    )
    kernel: KernelCostsSpec

    @model_validator(mode="after")
    def check_whole(self) -> Self:
        """Refuse impossible machines; every fault names its place in the document."""
        # Imported here because the checks work on these models.
        from simslab.machine.description.validate import refuse_faults

        refuse_faults(self)
        return self


def machine_schema() -> dict[str, Any]:
    """Return the JSON Schema of machine files."""
    return MachineSpec.model_json_schema()

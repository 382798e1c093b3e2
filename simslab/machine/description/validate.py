"""What no single field can show: whether the parts of a machine file fit together.

Each check returns its faults with the place in the document, so that all mistakes of a file are told at once. Checks
that would only repeat an earlier fault are skipped: links are looked at once the nodes are sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from simslab.base.errors import BadValue, BadValues
from simslab.base.units import Duration
from simslab.machine.description.cpulist import MAX_CPUS, format_cpulist
from simslab.machine.description.validate_links import distance_faults, idle_faults, link_faults
from simslab.machine.timing.curve import curve_faults
from simslab.machine.topology.node_plan import NodePlan, plan_nodes
from simslab.machine.topology.numbering import nr_cores, nr_cpus, seats

if TYPE_CHECKING:
    from simslab.machine.description.spec import LayoutSpec, MachineSpec, NodeSpec

MAX_NODES: Final = 64
LINE_BYTES: Final = 64
PAGE_BYTES: Final = 4096
MAX_MEMORY: Final = 1 << 42  # bytes of the machine: tables have an entry per page frame
MAX_CACHE: Final = 1 << 30  # bytes of one cache
MIN_HZ: Final = 10**8
MAX_HZ: Final = 10**11
MAX_NS: Final = 1_000_000
MIN_BANDWIDTH: Final = 10**6  # bytes/s
LEAST: Final = "at least 1 MB/s, such as '25 GB/s' (a bare number is bytes/s)"
BANDWIDTHS: Final = (
    "bandwidth", "write_bandwidth", "stream_write_bandwidth", "back_bandwidth", "core_bandwidth",
    "port_read", "port_write",
)  # fmt: skip

Faults = list[BadValue]


def refuse_faults(spec: MachineSpec) -> None:
    """Raise BadValues if the machine cannot exist."""
    faults = faults_of(spec)
    if faults:
        raise BadValues(faults)


def faults_of(spec: MachineSpec) -> Faults:
    """Return everything wrong with a machine whose fields are each sound."""
    checks = (_clock, _durations, _caches, _tlb, _memory, _bandwidths, curve_faults)
    faults = [*_layout(spec.layout), *(fault for check in checks for fault in check(spec))]
    if any(fault.at[0] == "layout" for fault in faults):
        return faults
    bad_nodes = _node_entries(spec)
    plans = plan_nodes(spec, seats(spec.layout))
    bad_nodes = bad_nodes or _membership(spec, plans)
    if bad_nodes:
        return [*faults, *bad_nodes]
    return [*faults, *link_faults(spec, plans), *distance_faults(spec, plans), *idle_faults(spec, plans)]


# -- times, caches and memory --------------------------------------------------------------------------------------


def _clock(spec: MachineSpec) -> Faults:
    if MIN_HZ <= spec.core.frequency <= MAX_HZ:
        return []
    expected = f"{MIN_HZ // 10**6} MHz to {MAX_HZ // 10**9} GHz"
    return [BadValue(f"a core clock of {spec.core.frequency} Hz", expected=expected, at=("core", "frequency"))]


def _durations(spec: MachineSpec) -> Faults:
    """No part of an access takes longer than MAX_NS: longer ones are slips of a unit, and their sums could overflow."""
    hz = spec.core.frequency
    return [
        BadValue(f"{duration} is too long", expected=f"at most {MAX_NS // 1000} us", at=at)
        for at, duration in _find_durations(spec, ())
        if duration.nanoseconds(hz) > MAX_NS
    ]


def _find_durations(part: object, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Duration]]:
    if isinstance(part, Duration):
        yield at, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _find_durations(getattr(part, name), (*at, name))
    elif isinstance(part, list | tuple):
        for index, member in enumerate(part):
            yield from _find_durations(member, (*at, index))


def _caches(spec: MachineSpec) -> Faults:
    faults: Faults = []
    for level, cache in (("l1d", spec.l1d), ("l2", spec.l2), ("l3", spec.l3)):
        set_bytes = cache.ways * LINE_BYTES
        if cache.size == 0 or cache.size % set_bytes:
            message = f"{cache.ways} ways of {LINE_BYTES}-byte lines do not divide {cache.size} bytes"
            expected = f"a size that is a multiple of {set_bytes} bytes"
            faults.append(BadValue(message, expected=expected, at=(level, "size")))
        elif cache.size > MAX_CACHE:
            expected = f"at most {MAX_CACHE >> 20} MiB"
            faults.append(BadValue(f"{cache.size} bytes of cache", expected=expected, at=(level, "size")))
        elif level == "l1d" and (cache.size // set_bytes).bit_count() != 1:
            # Speed: the innermost path finds a set with a mask; the other levels divide.
            message = f"{cache.size // set_bytes} sets of {cache.ways} lines in the L1"
            expected = f"a power of two of sets: {set_bytes} bytes times 1, 2, 4, 8 and so on"
            faults.append(BadValue(message, expected=expected, at=(level, "size")))
    return faults


def _tlb(spec: MachineSpec) -> Faults:
    """Entries divide by ways, and the first level has some for the kernel's pages."""
    if spec.tlb is None:
        return []
    faults: Faults = []
    for level, sizes in (("l1", spec.tlb.l1), ("l2", spec.tlb.l2)):
        for size in type(sizes).model_fields:
            array = getattr(sizes, size)
            if array is not None and array.entries % (array.ways or array.entries):
                expected = f"a multiple of {array.ways}"
                message = f"{array.ways} ways do not divide {array.entries} entries"
                faults.append(BadValue(message, expected=expected, at=("tlb", level, size, "entries")))
    if getattr(spec.tlb.l1, f"page_{spec.tlb.direct_map.lower()}") is None:
        message = f"the first level has no entries for pages of {spec.tlb.direct_map}"
        faults.append(BadValue(message, expected="a page size of tlb.l1", at=("tlb", "direct_map")))
    return faults


def _memory(spec: MachineSpec) -> Faults:
    faults: Faults = []
    for index, node in enumerate(spec.nodes):
        if node.memory % PAGE_BYTES:
            expected = f"a multiple of {PAGE_BYTES} bytes"
            faults.append(BadValue(f"{node.memory} bytes of memory", expected=expected, at=("nodes", index, "memory")))
    if not any(node.memory for node in spec.nodes):
        faults.append(BadValue("no node has memory", expected="memory on at least one node", at=("nodes",)))
    return faults


def _bandwidths(spec: MachineSpec) -> Faults:
    """No part is slower than MIN_BANDWIDTH: a unit was forgotten, and queues of years would build up."""
    parts: list[tuple[tuple[str | int, ...], BaseModel | None]] = [(("dram",), spec.dram), (("l3",), spec.l3)]
    parts += [(("l1d",), spec.l1d), (("l2",), spec.l2)]
    parts += [(("nodes", index, "dram"), node.dram) for index, node in enumerate(spec.nodes)]
    parts += [(("links", index), link) for index, link in enumerate(spec.links)] + [(("mesh",), spec.mesh)]
    return [
        BadValue("zero bandwidth" if value == 0 else f"a bandwidth of {value} bytes/s", expected=LEAST, at=(*at, name))
        for at, part in parts
        for name in BANDWIDTHS
        if (value := getattr(part, name, None)) is not None and value < MIN_BANDWIDTH
    ]


# -- CPUs -------------------------------------------------------------------------------------------------------------


def _layout(layout: LayoutSpec) -> Faults:
    total = nr_cpus(layout)
    if not 0 < total <= MAX_CPUS:
        return [BadValue(f"{total} CPUs", expected=f"at most {MAX_CPUS}" if total else "at least one", at=("layout",))]
    if layout.cpu_numbers is None:
        return []
    at = ("layout", "cpu_numbers")
    if len(layout.cpu_numbers) != nr_cores(layout):
        message = f"{len(layout.cpu_numbers)} entries for {nr_cores(layout)} cores"
        return [BadValue(message, expected="one entry per core", at=at)]
    faults = [
        BadValue(f"{len(cpus)} CPU numbers for {layout.threads} threads", at=(*at, core))
        for core, cpus in enumerate(layout.cpu_numbers)
        if len(cpus) > layout.threads
    ]
    return faults or _numbers(layout.cpu_numbers, total) or _empty_packages(layout)


def _numbers(cores: Sequence[Sequence[int]], total: int) -> Faults:
    """Every number from 0 up exactly once; told at the core that is wrong."""
    faults: Faults = []
    seen: set[int] = set()
    for core, cpus in enumerate(cores):
        for cpu in cpus:
            at = ("layout", "cpu_numbers", core)
            if cpu in seen:
                faults.append(BadValue(f"CPU {cpu} is listed twice", at=at))
            elif cpu >= total:
                faults.append(BadValue(f"there is no CPU {cpu}", expected=f"CPUs 0 to {total - 1}", at=at))
            seen.add(cpu)
    return faults


def _empty_packages(layout: LayoutSpec) -> Faults:
    empty = set(range(layout.packages)) - {seat.package for seat in seats(layout)}
    at = ("layout", "cpu_numbers")
    return [BadValue(f"package {min(empty)} has no CPU", expected="CPUs in every package", at=at)] if empty else []


# -- nodes ------------------------------------------------------------------------------------------------------------


def _node_entries(spec: MachineSpec) -> Faults:
    faults = [fault for index, node in enumerate(spec.nodes) for fault in _node_entry(spec, index, node)]
    if faults:
        return faults
    plans = plan_nodes(spec, seats(spec.layout))
    return [*_node_numbers(plans), *_root_ports(plans)]


def _node_entry(spec: MachineSpec, index: int, node: NodeSpec) -> Faults:
    at = ("nodes", index)
    ways = [name for name in ("each", "package", "cpus", "root_port") if getattr(node, name) is not None]
    if len(ways) != 1:
        said = " and ".join(f"'{way}'" for way in ways) or "none of these"
        expected = "one of 'each', 'package', 'cpus' or (memory only) 'root_port'"
        return [BadValue(f"node has {said}", expected=expected, at=at)]
    if node.cpus == () and node.memory == 0:
        return [BadValue("a node without CPUs and memory", expected="CPU numbers, or memory", at=(*at, "cpus"))]
    if node.die is not None and node.package is None:
        return [BadValue("'die' needs 'package'", at=(*at, "die"))]
    if node.root_port is not None and node.memory == 0:
        return [BadValue("a memory-only node without memory", expected="more than 0 bytes", at=(*at, "memory"))]
    return _positions(spec, node, at) or _references(spec, node, at)


def _positions(spec: MachineSpec, node: NodeSpec, at: tuple[str | int, ...]) -> Faults:
    key, other = ("position", "positions") if node.each is None else ("positions", "position")
    if getattr(node, other) is not None:
        return [BadValue(f"'{other}' cannot stand here", expected=f"'{key}'", at=(*at, other))]
    if getattr(node, key) is not None and spec.mesh is None:
        return [BadValue(f"'{key}' needs the machine's 'mesh'", at=(*at, key))]
    return []


def _references(spec: MachineSpec, node: NodeSpec, at: tuple[str | int, ...]) -> Faults:
    """Check that packages, dies and CPUs which a node names exist."""
    layout = spec.layout
    used: list[tuple[tuple[str | int, ...], str, int, int]] = []
    if node.package is not None:
        used.append(((*at, "package"), "package", node.package, layout.packages))
    if node.die is not None:
        used.append(((*at, "die"), "die", node.die, layout.dies))
    if node.root_port is not None and node.root_port.package is not None:
        used.append(((*at, "root_port", "package"), "package", node.root_port.package, layout.packages))
    used += [((*at, "cpus"), "CPU", cpu, nr_cpus(layout)) for cpu in node.cpus or ()]
    return [
        BadValue(f"there is no {kind} {number}", expected=f"0 to {count - 1}", at=place)
        for place, kind, number, count in used
        if number >= count
    ][:1]


def _node_numbers(plans: Sequence[NodePlan]) -> Faults:
    return [
        BadValue(
            f"node {plan.number} comes after node {before.number}",
            expected="rising numbers",
            at=("nodes", plan.entry, "id"),
        )
        for before, plan in pairwise(plans)
        if plan.number <= before.number
    ]


def _root_ports(plans: Sequence[NodePlan]) -> Faults:
    faults: Faults = []
    points = {plan.number for plan in plans if not plan.behind_port}
    for plan in (plan for plan in plans if plan.behind_port):
        at = ("nodes", plan.entry, "root_port")
        if (plan.port_package < 0) == (plan.port_node < 0):
            faults.append(BadValue("where the port is, is not clear", expected="'package' or 'node'", at=at))
        elif plan.port_node >= 0 and plan.port_node not in points:
            message = f"there is no node {plan.port_node} that could have a root port"
            faults.append(BadValue(message, expected=format_cpulist(points), at=(*at, "node")))
    return faults


def _membership(spec: MachineSpec, plans: Sequence[NodePlan]) -> Faults:
    if len(plans) > MAX_NODES:
        return [BadValue(f"{len(plans)} nodes", expected=f"at most {MAX_NODES}", at=("nodes",))]
    total = sum(plan.memory for plan in plans)
    if total > MAX_MEMORY:
        expected = f"at most {MAX_MEMORY >> 40} TiB"
        return [BadValue(f"{total} bytes of memory in all nodes", expected=expected, at=("nodes",))]
    faults: Faults = []
    owner: dict[int, int] = {}
    for plan in plans:
        twice = sorted(cpu for cpu, times in Counter(plan.cpus).items() if times > 1)
        taken = sorted(cpu for cpu in set(plan.cpus) if cpu in owner)
        at = _cpus_at(spec, plan)
        if twice:
            faults.append(BadValue(f"CPU {format_cpulist(twice)} is listed twice", at=at))
        if taken:
            message = f"CPU {format_cpulist(taken)} is in node {plans[owner[taken[0]]].number} already"
            faults.append(BadValue(message, expected="each CPU in one node", at=at))
        owner.update({cpu: plan.id for cpu in plan.cpus if cpu not in owner})
    missing = set(range(nr_cpus(spec.layout))) - owner.keys()
    if missing and not faults:
        faults.append(
            BadValue(f"CPU {format_cpulist(missing)} is in no node", expected="each CPU in one node", at=("nodes",))
        )
    return faults


def _cpus_at(spec: MachineSpec, plan: NodePlan) -> tuple[str | int, ...]:
    node = spec.nodes[plan.entry]
    field = next((name for name in ("cpus", "each", "die", "package") if getattr(node, name) is not None), "")
    return ("nodes", plan.entry, field) if field else ("nodes", plan.entry)

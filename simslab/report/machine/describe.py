"""A machine in words and figures: what `numactl -H` would show, the caches, and the idle latencies that follow.

A pure function of spec, topology and timing; `simslab.report.machine.drawing` makes the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.oddities import oddities
from simslab.result.nanoseconds import nanoseconds

if TYPE_CHECKING:
    from simslab.machine.description.caches import CacheSpec
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.topology.network import Link
    from simslab.machine.topology.topology import Topology

_UNITS: Final = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_NONE: Final = "-"


def describe(spec: MachineSpec, topology: Topology, timing: Timing) -> str:
    """Return the description as lines of text."""
    parts = (_head(spec, topology), _caches(spec, timing), _nodes(topology), _links(topology, timing))
    matrices = (_dram_matrix(topology, timing), _dirty_matrix(topology, timing))
    lines = [line for part in (*parts, *matrices, _odd(spec)) for line in part]
    return "\n".join(lines) + "\n"


def size_text(size: int) -> str:
    """Return bytes in the largest binary unit that leaves a short number: '22 MiB', '1.5 GiB', '100 B'."""
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} B"


def bandwidth_text(bytes_per_second: int) -> str:
    """Return a bandwidth in GB/s."""
    return f"{bytes_per_second / 1e9:.4g} GB/s"


def _head(spec: MachineSpec, topology: Topology) -> Iterator[str]:
    layout = spec.layout
    yield ": ".join(text for text in (spec.name, spec.description) if text)
    steps = [(layout.packages, "package"), (layout.dies, "die"), (layout.ccxs, "CCX"), (layout.cores, "core")]
    levels = [_count(n, what) for n, what in steps if n > 1 or what in ("package", "core")]
    shape = " x ".join([*levels, _count(layout.threads, "thread")])
    yield f"{_count(len(topology.cpus), 'CPU')}: {shape} at {spec.core.frequency / 1e9:.4g} GHz"
    yield f"core: {spec.core.ipc:g} instructions per cycle, hides {spec.core.hidden} of a load"


def _count(number: int, what: str) -> str:
    plural = "es" if what.endswith("X") else "s"
    return f"{number} {what}{'' if number == 1 else plural}"


def _caches(spec: MachineSpec, timing: Timing) -> Iterator[str]:
    yield f"L1D per core: {_cache(spec.l1d, timing.caches.l1.latency, timing)}"
    yield f"L2 per core: {_cache(spec.l2, timing.caches.l2.latency, timing)}"
    l3 = _cache(spec.l3, timing.caches.l3.latency, timing)
    other_core = _ns(timing, timing.caches.l3.latency + timing.caches.l3.other_core)
    yield f"L3 per {spec.l3.scope}: {l3}, {spec.l3.inclusion}; {other_core} ns where another core has modified it"
    yield from _translation(spec, timing)
    yield from _core_costs(spec, timing)
    yield f"coherence: {spec.coherence.protocol}, home agents with a {spec.coherence.home}"


def _translation(spec: MachineSpec, timing: Timing) -> Iterator[str]:
    """Yield the TLB for the kernel's pages."""
    if spec.tlb is None or timing.tlb is None:
        yield "TLB: translation costs nothing"
        return
    levels = [array for array in (timing.tlb.l1, timing.tlb.l2) if array is not None]
    entries = ", then ".join(f"{entries} entries ({ways} ways)" for entries, ways in levels)
    second = f"second level {timing.tlb.l2_hit} cycles, " if len(levels) > 1 else ""
    loads = _count(timing.tlb.references, "load")
    yield f"TLB per core, direct map of {spec.tlb.direct_map} pages: {entries}"
    yield f"  {second}page walk {timing.tlb.walk} cycles and {loads}"


def _core_costs(spec: MachineSpec, timing: Timing) -> Iterator[str]:
    """Yield what stores, siblings, spinning and prefetches cost."""
    core = timing.core
    entries = _count(core.store_buffer, "entrie").replace("1 entrie", "1 entry")
    buffer = f"{entries} per thread" if core.store_buffer else f"1/{core.store_divisor} of a missing store's latency"
    yield f"store buffer: {buffer}; {core.outstanding} misses in flight; PAUSE {timing.kernel.pause} cycles"
    if core.smt_q10 and spec.layout.threads > 1:
        yield f"busy threads of a core together: {core.smt_q10 / 1024:.4g} times the pace of one"
    if core.prefetch:
        yield f"prefetch: {spec.core.prefetch}"
    limits = [(f"L{i} ", cache.bandwidth) for i, cache in enumerate((spec.l1d, spec.l2, spec.l3), 1)]
    limits.append(("from L3 to a core ", spec.l3.core_bandwidth))
    stated = [f"{name}{bandwidth_text(limit)}" for name, limit in limits if limit]
    if stated:
        yield f"cache bandwidth: {', '.join(stated)}"


def _cache(cache: CacheSpec, latency: int, timing: Timing) -> str:
    return f"{size_text(cache.size)}, {cache.ways} ways, {latency} cycles ({_ns(timing, latency)} ns)"


def _ns(timing: Timing, cycles: int) -> str:
    return f"{nanoseconds(cycles, timing.frequency_hz):.1f}"


def _nodes(topology: Topology) -> Iterator[str]:
    """Yield what `numactl -H` prints."""
    numbers = [node.number for node in topology.nodes]
    yield ""
    yield f"available: {len(numbers)} nodes ({format_cpulist(numbers)})"
    for node in topology.nodes:
        yield f"node {node.number} cpus: {' '.join(map(str, node.cpus))}".rstrip()
        yield f"node {node.number} size: {node.memory >> 20} MB"
    yield "node distances:"
    yield "node " + "".join(f"{number:4d}" for number in numbers)
    for node in topology.nodes:
        yield f"{node.number:4d}:" + "".join(f"{distance:4d}" for distance in topology.distance[node.id])


def _links(topology: Topology, timing: Timing) -> Iterator[str]:
    ports = [(node, timing.memory.nodes[node.id].port) for node in topology.nodes if node.gate != node.id]
    cached = [node for node in topology.nodes if node.memory_side_cache]
    if topology.links or ports:
        yield ""
        yield "links (one way):"
    for link, back in zip(topology.links[::2], topology.links[1::2], strict=True):
        ends = f"{topology.end_name(link.source)} - {topology.end_name(link.target)}"
        yield f"  {ends}: {_speed(timing, link, back)}"
    for node, port in ports:
        gate = topology.nodes[node.gate].number
        yield f"  node {node.number} behind a root port at node {gate}: {_ns(timing, port)} ns per access"
    for node in cached:
        yield f"node {node.number}: memory-side cache of {size_text(node.memory_side_cache)}, not modelled"


def _speed(timing: Timing, link: Link, back: Link) -> str:
    speed = f"{_ns(timing, link.latency)} ns, {bandwidth_text(link.bandwidth)}"
    if (link.latency, link.bandwidth) == (back.latency, back.bandwidth):
        return f"{speed} in each direction"
    return f"{speed}; back {_ns(timing, back.latency)} ns, {bandwidth_text(back.bandwidth)}"


def _dram_matrix(topology: Topology, timing: Timing) -> Iterator[str]:
    def cell(node: int, home: int) -> str:
        cpus = topology.cpus_of_node(node)
        if not cpus or not topology.nodes[home].memory:
            return _NONE
        return _ns(timing, timing.dram_latency(topology.cpus[cpus[0]].domain, home, node))

    yield from _matrix("idle DRAM latency (ns), reader's node by the memory's node:", topology, cell)


def _dirty_matrix(topology: Topology, timing: Timing) -> Iterator[str]:
    """Yield the latency of a line that another core modified, its home the reader's node where that has memory."""
    if len(topology.domains) < 2:
        return
    domains = {node.id: [d.id for d in topology.domains if d.node == node.id] for node in topology.nodes}

    def cell(reader: int, owner: int) -> str:
        if not domains[reader] or not domains[owner]:
            return _NONE
        home = reader if topology.nodes[reader].memory else owner
        if not topology.nodes[home].memory:
            home = min(node.id for node in topology.nodes if node.memory)
        return _ns(timing, timing.cache_latency(domains[reader][0], home, domains[owner][-1]))

    title = (
        "idle latency (ns) of a line modified in another cache, from reader's node to the owner's (home: the reader's):"
    )
    yield from _matrix(title, topology, cell)


def _odd(spec: MachineSpec) -> Iterator[str]:
    """Yield what silicon hardly is."""
    found = oddities(spec)
    if found:
        yield ""
    yield from (f"odd: {oddity}" for oddity in found)


def _matrix(title: str, topology: Topology, cell: Callable[[int, int], str]) -> Iterator[str]:
    everywhere = [node.number for node in topology.nodes]
    ids = [node.id for node in topology.nodes]
    rows: Sequence[list[str]] = [[cell(a, b) for b in ids] for a in ids]
    width = max(5, *(len(text) for row in rows for text in row)) + 2
    yield ""
    yield title
    yield "node " + "".join(f"{node:{width}d}" for node in everywhere)
    for node, row in zip(everywhere, rows, strict=True):
        yield f"{node:4d}:" + "".join(f"{text:>{width}}" for text in row)

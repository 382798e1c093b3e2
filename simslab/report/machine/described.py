"""The description of a machine for programs: what `describe --json` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from simslab.result.nanoseconds import nanoseconds

if TYPE_CHECKING:
    from simslab.machine.description.caches import CacheSpec
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.topology.topology import NumaNode, Topology

FORMAT: Final = "simslab-machine-description"
VERSION: Final = 1


def described_json(spec: MachineSpec, topology: Topology, timing: Timing) -> str:
    """Return `described` as JSON."""
    return json.dumps(described(spec, topology, timing), indent=2, ensure_ascii=False) + "\n"


def described(spec: MachineSpec, topology: Topology, timing: Timing) -> dict[str, Any]:
    """Return what `describe` tells: bytes, Hz, ns with three decimals, distances as the kernel's table has them."""
    levels = timing.caches
    caches = (
        ("l1d", spec.l1d, levels.l1.latency),
        ("l2", spec.l2, levels.l2.latency),
        ("l3", spec.l3, levels.l3.latency),
    )
    numbers = [node.number for node in topology.nodes]
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": spec.name,
        "description": spec.description,
        "frequency_hz": spec.core.frequency,
        "cpus": len(topology.cpus),
        "layout": spec.layout.model_dump(mode="json"),
        "caches": {name: _cache(cache, latency, timing) for name, cache, latency in caches},
        "coherence": {"protocol": spec.coherence.protocol, "home": spec.coherence.home},
        "nodes": [_node(topology, timing, node) for node in topology.nodes],
        "node_distance": {str(n): list(row) for n, row in zip(numbers, topology.distance, strict=True)},
        "links": [
            {
                "from": topology.end_name(link.source),
                "to": topology.end_name(link.target),
                "latency_ns": nanoseconds(link.latency, timing.frequency_hz),
                "bytes_per_second": link.bandwidth,
            }
            for link in topology.links
        ],
        "idle_dram_latency_ns": {
            str(reader.number): {
                str(home.number): _idle(topology, timing, reader, home) for home in topology.nodes if home.memory
            }
            for reader in topology.nodes
            if reader.cpus
        },
    }


def _cache(cache: CacheSpec, latency: int, timing: Timing) -> dict[str, Any]:
    return {
        "bytes": cache.size,
        "ways": cache.ways,
        "cycles": latency,
        "ns": nanoseconds(latency, timing.frequency_hz),
    }


def _node(topology: Topology, timing: Timing, node: NumaNode) -> dict[str, Any]:
    rate = 64 * 1024 * timing.frequency_hz // timing.memory.nodes[node.id].line_q10 if node.memory else None
    return {
        "node": node.number,
        "cpus": list(node.cpus),
        "memory_bytes": node.memory,
        "bytes_per_second": rate,
        "behind_node": topology.nodes[node.gate].number if node.gate != node.id else None,
        "memory_side_cache_bytes": node.memory_side_cache,
    }


def _idle(topology: Topology, timing: Timing, reader: NumaNode, home: NumaNode) -> float:
    """Return the idle latency from a node's first CPU; below an L3 that spans nodes misses enter at the CPU's node."""
    domain = topology.cpus[reader.cpus[0]].domain
    return nanoseconds(timing.dram_latency(domain, home.id, reader.id), timing.frequency_hz)

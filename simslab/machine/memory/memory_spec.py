"""What the memory system is built from: small records, latencies in whole cycles, `_q10` in 1/1024 cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class CacheLatencies:
    """Idle latencies of the caches; what is beyond an L3 hit is added to it."""

    l2: int
    l3: int
    c2c_modified: int  # beyond an L3 hit, from a core below the same L3 that holds the line modified
    c2c_exclusive: int  # the same, held exclusive
    c2c_shared: int  # the same, held shared and not in the L3
    c2c_upgrade: int  # beyond an L3 look-up, to take a line that the requester holds shared from the others
    c2c_queued: int  # from owner to owner for a request that has waited, with no L3 look-up
    directory: int  # look-up at the home
    snoop: int  # look-up in a domain that is asked


@dataclass(frozen=True, slots=True)
class CoherencePolicy:
    """Rules of the protocol, as `states.py` names them."""

    inclusion: int  # of the L3
    protocol: int
    home: int  # who finds the holders of a line
    memory_bits: int = 0  # 1: holders beyond the filter's reach are known from bits in memory only
    one_filter: int = 0  # 1: nodes share snoop filters
    ahead: int = 0  # cycles by which a read of near memory starts before L3 and directory have answered


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """What lies where. A domain's own traffic enters the network at the node of its first core."""

    core_domain: Sequence[int]  # [core] its L3
    core_node: Sequence[int]  # [core]
    section_node: Sequence[int]  # [128 MiB of physical memory]
    reach: Sequence[int]  # [node] number of the snoop filter that it belongs to


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Ways between nodes."""

    hop: Matrix  # [node][node] one-way latency
    route: Sequence[Matrix]  # [node][node] numbers of the links on the way, in the order travelled
    link_q10: Sequence[int]  # [link] time of one line
    domains: int  # L3s, each with a port to the network
    port_read_q10: int = 0  # time of one line into an L3, 0 for unlimited
    port_write_q10: int = 0  # out of it


@dataclass(frozen=True, slots=True)
class DramSpec:
    """Memory of each node; times of one line with all channels busy."""

    latency: Sequence[int]  # [node] device latency beyond the home agent, root port included
    read_q10: Sequence[int]  # [node]
    write_q10: Sequence[int] | None = None  # [node], that of a read where not given
    stream_q10: Sequence[int] | None = None  # [node] written past the caches, that of a write where not given
    channels: Sequence[int] | None = None  # [node], 1
    conflict: Sequence[int] | None = None  # [node] delay by busy banks at full use, 0
    row_miss: Sequence[int] | None = None  # [node] delay by a row that is not open, 0
    curve: Matrix | None = None  # [node][use of 1024] delay that replaces the queue model where not empty


@dataclass(frozen=True, slots=True)
class CachePortSpec:
    """Bandwidth of the caches, times of one line in 1/1024 cycle, 0 for unlimited."""

    l2_q10: int  # from one L2
    l3_q10: int  # from one L3
    core_q10: int  # from an L3 into one core

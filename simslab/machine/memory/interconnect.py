"""When does it arrive: idle latency composed from the path, plus queueing at links, L3 ports and memory channels.

All tables are indexed by NUMA node: the requesting core's, the home's, that of an owner's L3. Latencies are one-way
cycles and may differ by direction; every crossing also asks each link on its route for one line of bandwidth. Sums of
one transaction's queueing are left in `link_queue` and `dram_queue` for attribution.

A node's lines are spread over its channels by a hash; each channel is a server. Beside waiting for the channel a
request may wait for a busy bank (`conflict` at full use, below that as in a queue at banks half as busy as their
channel: published loaded-latency curves rise at loads where the channels themselves hardly queue) and for its row to be
opened (`row_miss`). A node with a measured curve (`curve.py`) has one channel, whose use tells the delay.

Not modelled: bandwidth of requests, snoops and acknowledgements without data (8 to 16 bytes against 64 + header).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simslab.base import buffers, hashing
from simslab.machine.memory.memory_spec import DramSpec, NetworkSpec
from simslab.machine.memory.queueing.server import ServerArray

BANKS: Final = 64  # open rows that a channel remembers: banks of all its ranks
ROW_SHIFT: Final = 7  # a DRAM row holds 8 KiB, 2**7 lines
HALF: Final = 16  # of the bits of a hash
TWICE_Q10: Final = 2048  # banks are busy half as much as their channel


class Interconnect:
    """Ways between nodes, the ports of every L3 and the memory of every node.

    `exact`: requests come in order of time (`server.py`).
    """

    def __init__(self, network: NetworkSpec, dram: DramSpec, exact: int = 0) -> None:
        self.domains: int = network.domains
        self.nodes = len(dram.latency)
        self.links = ServerArray(list(network.link_q10), exact)
        read, write = network.port_read_q10, network.port_write_q10
        self.ports = ServerArray([read] * self.domains + [write] * self.domains, exact)
        self.ported = 1 if read or write else 0
        self._channels(dram, exact)
        none = [0] * self.nodes
        self.conflict_owner, self.row_miss_owner = _flat([dram.conflict or none]), _flat([dram.row_miss or none])
        self.conflict = buffers.int64_pointer(self.conflict_owner)
        self.row_miss = buffers.int64_pointer(self.row_miss_owner)
        self._curves(dram.curve or [()] * self.nodes)
        self.hop_owner = _flat(network.hop)
        self.hop = buffers.int64_pointer(self.hop_owner)
        self.dram_owner = _flat([dram.latency])
        self.dram = buffers.int64_pointer(self.dram_owner)
        self.max_route = 1 + max((len(way) for ways in network.route for way in ways), default=0)
        self.route_owner = self._routes(network.route)
        self.route = buffers.int64_pointer(self.route_owner)
        self.link_queue = 0
        self.dram_queue = 0

    def _channels(self, dram: DramSpec, exact: int) -> None:
        """One server per channel, in order of node; a channel is slower than its node by their number."""
        counts = dram.channels or [1] * self.nodes
        writes = dram.write_q10 or dram.read_q10
        read, write, stream = (_each(counts, times) for times in (dram.read_q10, writes, dram.stream_q10 or writes))
        self.channels = ServerArray([q10 for count, q10 in zip(counts, read, strict=True) for _ in range(count)], exact)
        self.write_owner, self.stream_owner = _flat([write]), _flat([stream])
        self.write_q10 = buffers.int64_pointer(self.write_owner)
        self.stream_q10 = buffers.int64_pointer(self.stream_owner)
        first = [sum(counts[:node]) for node in range(self.nodes)]
        self.first_owner, self.count_owner = _flat([first]), _flat([counts])
        self.first_channel = buffers.int64_pointer(self.first_owner)
        self.channel_count = buffers.int64_pointer(self.count_owner)
        self.rows_owner = buffers.int64_zeros(sum(counts) * BANKS)
        self.open_rows = buffers.int64_pointer(self.rows_owner)

    def _curves(self, curves: Sequence[Sequence[int]]) -> None:
        """Delays by use of the nodes that have a measured curve, one after the other; -1 for a node without."""
        starts = [sum(map(len, curves[:node])) if curve else -1 for node, curve in enumerate(curves)]
        self.curve_owner, self.curve_start_owner = _flat([[0], *curves]), _flat([starts])
        self.curve = buffers.int64_pointer(self.curve_owner)  # its first word is no delay
        self.curve_start = buffers.int64_pointer(self.curve_start_owner)

    def _routes(self, table: Sequence[Sequence[Sequence[int]]]) -> memoryview:
        """Routes as fixed-width rows of link numbers, ended by -1."""
        columns = max((len(rows) for rows in table), default=1)
        flat = buffers.int64_zeros(len(table) * columns * self.max_route)
        for i, rows in enumerate(table):
            for j, route in enumerate(rows):
                start = (i * columns + j) * self.max_route
                for k in range(self.max_route):
                    flat[start + k] = route[k] if k < len(route) else -1
        return flat

    def way(self, source: int, target: int) -> int:
        """Idle one-way latency from one node to another."""
        return self.hop[source * self.nodes + target]

    def channel_of(self, node: int, line: int) -> int:
        """The channel of `node` that holds `line`."""
        count = self.channel_count[node]
        return self.first_channel[node] + ((hashing.spread(line) >> HALF) * count >> HALF if count > 1 else 0)

    def dram_read(self, node: int, line: int, now: int) -> int:
        """Device latency of one line on `node`, with queueing at its channel and banks."""
        channel = self.channel_of(node, line)
        queue = self.channels.request(channel, now)
        if self.curve_start[node] >= 0:
            queue = max(queue, self.curve[1 + self.curve_start[node] + self.channels.utilization])
        else:
            used = self.channels.utilization
            queue += self.conflict[node] * used // (TWICE_Q10 - used)
        self.dram_queue += queue
        return self.dram[node] + queue + (self.open_row(node, channel, line) if self.row_miss[node] else 0)

    def open_row(self, node: int, channel: int, line: int) -> int:
        """Extra latency if the line's row is not the one last used in its bank; it is now."""
        row = line >> ROW_SHIFT
        bank = channel * BANKS + ((hashing.spread(row) >> HALF) * BANKS >> HALF)
        if self.open_rows[bank] == row:
            return 0
        self.open_rows[bank] = row
        return self.row_miss[node]

    def write_back(self, domain: int, source: int, node: int, line: int, now: int) -> int:
        """Occupy the domain's port, the links and the line's channel with a write-back; returns its queueing.

        Nobody waits for it, unless so many are under way that their buffers are full.
        """
        return self.send(domain, source, node, line, self.write_q10[node], now)

    def stream_write(self, domain: int, source: int, node: int, line: int, now: int) -> int:
        """Like `write_back` for a line written past the caches (non-temporal store)."""
        return self.send(domain, source, node, line, self.stream_q10[node], now)

    def send(self, domain: int, source: int, node: int, line: int, service: int, now: int) -> int:
        """Send one line from an L3 domain to a node's memory, whose channel it takes `service` / 1024 cycles."""
        queue = self.ports.request(self.domains + domain, now) if self.ported else 0
        queue += self.cross(source, node, now, queue)
        return queue + self.channels.serve(self.channel_of(node, line), now, queue, service)

    def data(self, source: int, target: int, domain: int, now: int) -> int:
        """Latency of one line of data between nodes into an L3, with queueing on the links and at its port.

        The line has waited in the transaction's queues so far.
        """
        waited = self.link_queue + self.dram_queue
        queue = self.cross(source, target, now, waited)
        if self.ported:
            queue += self.ports.request_after(domain, now, waited + queue)
        self.link_queue += queue
        return self.hop[source * self.nodes + target] + queue

    def leave(self, domain: int, now: int) -> int:
        """Queueing of one line at the port out of an L3, before it crosses links."""
        queue = self.ports.request(self.domains + domain, now) if self.ported else 0
        self.link_queue += queue
        return queue

    def cross(self, source: int, target: int, now: int, waited: int) -> int:
        """Send one line that has waited `waited` cycles over the links of a route; returns the queueing in cycles."""
        total = 0
        start = (source * self.nodes + target) * self.max_route
        while self.route[start] >= 0:
            total += self.links.request_after(self.route[start], now, waited + total)
            start += 1
        return total


def _flat(rows: Sequence[Sequence[int]]) -> memoryview:
    values = [value for row in rows for value in row]
    flat = buffers.int64_zeros(len(values))
    for i, value in enumerate(values):
        flat[i] = value
    return flat


def _each(counts: Sequence[int], times: Sequence[int]) -> list[int]:
    """Return the times of one line on one of a node's channels."""
    return [count * q10 for count, q10 in zip(counts, times, strict=True)]

"""When does it arrive: idle latency composed from the path, plus queueing at links and memory channels.

All tables are indexed by L3 domain (requester, owner) and NUMA node (home). Latencies are one-way cycles; every
crossing also asks each link on its route for one line of bandwidth. Sums of one transaction's queueing are left in
`link_queue` and `dram_queue` for attribution.

Not modelled: bandwidth of requests, snoops and acknowledgements without data (8 to 16 bytes against 64 + header).
"""

from __future__ import annotations

from collections.abc import Sequence

from simslab.base import buffers
from simslab.machine.server import ServerArray


class Interconnect:
    """Paths between L3 domains and home nodes.

    `hop_dn[d][n]`, `hop_dd[d][e]`: one-way latency; `route_dn`, `route_dd`: link numbers on the way;
    `dram[n]`: memory device latency beyond the home agent, port included; `link_q10`, `dram_q10`: service time of
    one line in 1/1024 cycle.
    """

    def __init__(
        self,
        hop_dn: Sequence[Sequence[int]],
        hop_dd: Sequence[Sequence[int]],
        route_dn: Sequence[Sequence[Sequence[int]]],
        route_dd: Sequence[Sequence[Sequence[int]]],
        dram: Sequence[int],
        link_q10: Sequence[int],
        dram_q10: Sequence[int],
    ) -> None:
        self.domains = len(hop_dn)
        self.nodes = len(dram)
        self.links = ServerArray(list(link_q10))
        self.channels = ServerArray(list(dram_q10))
        self.hop_dn_owner, self.hop_dd_owner = _flat(hop_dn), _flat(hop_dd)
        self.hop_dn = buffers.int64_pointer(self.hop_dn_owner)
        self.hop_dd = buffers.int64_pointer(self.hop_dd_owner)
        self.dram_owner = _flat([list(dram)])
        self.dram = buffers.int64_pointer(self.dram_owner)
        self.max_route = 1 + max((len(r) for rows in (*route_dn, *route_dd) for r in rows), default=0)
        self.route_dn_owner, self.route_dd_owner = self._routes(route_dn), self._routes(route_dd)
        self.route_dn = buffers.int64_pointer(self.route_dn_owner)
        self.route_dd = buffers.int64_pointer(self.route_dd_owner)
        self.link_queue = 0
        self.dram_queue = 0

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

    def begin(self) -> int:
        """Start the account of one transaction's queueing."""
        self.link_queue = 0
        self.dram_queue = 0
        return 0

    def to_home(self, domain: int, node: int) -> int:
        """Idle one-way latency from a domain to a node's home agent (or back)."""
        return self.hop_dn[domain * self.nodes + node]

    def between(self, domain: int, other: int) -> int:
        """Idle one-way latency from one domain to another."""
        return self.hop_dd[domain * self.domains + other]

    def dram_read(self, node: int, now: int) -> int:
        """Device latency of one line on `node`, with queueing at its channels."""
        queue = self.channels.request(node, now)
        self.dram_queue += queue
        return self.dram[node] + queue

    def dram_write(self, node: int, now: int) -> int:
        """Occupy the channels with a write-back; nobody waits for it."""
        self.channels.request(node, now)
        return 0

    def data_from_home(self, node: int, domain: int, now: int) -> int:
        """Latency of one line of data from a home to a domain, with queueing on the links."""
        queue = self.cross(self.route_dn, (domain * self.nodes + node) * self.max_route, now)
        return self.hop_dn[domain * self.nodes + node] + queue

    def data_between(self, owner: int, domain: int, now: int) -> int:
        """Latency of one line of data from one domain to another, with queueing on the links."""
        queue = self.cross(self.route_dd, (owner * self.domains + domain) * self.max_route, now)
        return self.hop_dd[owner * self.domains + domain] + queue

    def cross(self, routes: memoryview, start: int, now: int) -> int:
        """Send one line over the links of a route; returns the queueing in cycles."""
        total = 0
        while routes[start] >= 0:
            total += self.links.request(routes[start], now)
            start += 1
        self.link_queue += total
        return total


def _flat(rows: Sequence[Sequence[int]]) -> memoryview:
    values = [value for row in rows for value in row]
    flat = buffers.int64_zeros(len(values))
    for i, value in enumerate(values):
        flat[i] = value
    return flat

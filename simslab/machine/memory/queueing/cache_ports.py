"""Bandwidth of the caches: what one L2 delivers, one L3, and what one core takes from its L3.

The L3's is that of all its slices together, over which a hash spreads lines evenly.

Not modelled: slices that a pattern of addresses loads unevenly; write-backs and fills beside the lines delivered.
"""

from __future__ import annotations

from simslab.machine.memory.memory_spec import CachePortSpec
from simslab.machine.memory.queueing.server import ServerArray


class CachePorts:
    """Servers of `cores` L2s and `domains` L3s; `exact`: requests come in order of time (`server.py`)."""

    def __init__(self, cores: int, domains: int, times: CachePortSpec, exact: int = 0) -> None:
        self.exact = exact
        self.limits_l3 = 1 if times.l3_q10 else 0
        self.limits_core = 1 if times.core_q10 else 0
        self.l2 = ServerArray([times.l2_q10] * cores, exact)
        self.l3 = ServerArray([times.l3_q10] * domains, exact)
        self.core = ServerArray([times.core_q10] * cores, exact)

    def from_l2(self, core: int, now: int) -> int:
        """Queueing of one line from a core's L2.

        Speed: only where several accesses of one core are under way at once, in measurements. In a run each access
        waits for the one before, and a hit's latency is several times a line's time.
        """
        return self.l2.request(core, now) if self.exact else 0

    def from_l3(self, domain: int, core: int, now: int) -> int:
        """Queueing of one line from an L3, or through it from beyond, into a core."""
        queue = self.l3.request(domain, now) if self.limits_l3 else 0
        if self.limits_core and self.exact:  # Speed: as above
            queue += self.core.request(core, now)
        return queue

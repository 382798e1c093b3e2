"""When does a shared resource answer: servers with finite bandwidth (memory channels, links).

CPUs run ahead of one another by up to a quantum, so a server cannot keep one busy-until time: a CPU ahead would
reserve the future and one behind would queue after it (13 times the true queueing at a quantum of 10,000 cycles). A
server keeps its *usage per time bucket* instead and estimates the queueing inside a bucket from its load: the mean wait of an M/D/1
queue, and the backlog once a bucket is over-full. `benchmarks/servers.py` compares it with busy-until at quantum 0.

Not modelled: order of requests inside a bucket; read and write turnaround; refresh.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers

BUCKET_BITS: Final = 9  # 512 cycles
BUCKETS: Final = 256  # ring; spans 131,072 cycles, more than any sensible quantum
Q10: Final = 1024  # times are in 1/1024 cycle
FULL_Q10: Final = 512 * 1024  # service that fits one bucket
SATURATED_Q10: Final = 498073  # 95 % of FULL_Q10: above it the M/D/1 mean is replaced by the backlog


class ServerArray:
    """`count` servers; `service_q10[i]`: service time of one line on server i in 1/1024 cycle, 0 for unlimited."""

    def __init__(self, service_q10: list[int]) -> None:
        self.count = len(service_q10)
        self.service_owner = buffers.int64_zeros(self.count)
        self.service = buffers.int64_pointer(self.service_owner)
        self.served_owner = buffers.int64_zeros(self.count)
        self.served = buffers.int64_pointer(self.served_owner)
        self.stamp_owner = buffers.int64_zeros(self.count * BUCKETS)
        self.stamp = buffers.int64_pointer(self.stamp_owner)
        self.usage_owner = buffers.int64_zeros(self.count * BUCKETS)
        self.usage = buffers.int64_pointer(self.usage_owner)
        for server, service in enumerate(service_q10):
            self.service[server] = service

    def request(self, server: int, now: int) -> int:
        """Serve one line at time `now`; returns the queueing delay in cycles (service is in the idle latency)."""
        service = self.service[server]
        self.served[server] += 1
        if service == 0:
            return 0
        number = now >> BUCKET_BITS
        slot = self.bucket(server, number)
        earlier = self.usage_before(server, number)
        offset = now & ((1 << BUCKET_BITS) - 1)
        load = self.usage[slot] + earlier - (earlier * offset >> BUCKET_BITS)
        backlog = self.backlog(server, number, slot)
        self.usage[slot] += service
        wait = service * SATURATED_Q10 // (2 * (FULL_Q10 - SATURATED_Q10))
        if load < SATURATED_Q10:
            wait = service * load // (2 * (FULL_Q10 - load))
        return (wait + backlog) // Q10

    def bucket(self, server: int, number: int) -> int:
        """Slot of bucket `number`, emptied if it held an older one."""
        slot = server * BUCKETS + (number & (BUCKETS - 1))
        if self.stamp[slot] != number:
            carried = self.usage_before(server, number) - FULL_Q10
            self.stamp[slot] = number
            self.usage[slot] = carried if carried > 0 else 0
        return slot

    def usage_before(self, server: int, number: int) -> int:
        """Service time asked of the bucket before `number`, 0 if it has been forgotten or never used."""
        slot = server * BUCKETS + ((number - 1) & (BUCKETS - 1))
        return self.usage[slot] if number > 0 and self.stamp[slot] == number - 1 else 0

    def backlog(self, server: int, number: int, slot: int) -> int:
        """Work beyond what the present bucket can do, in 1/1024 cycle."""
        over = self.usage[slot] - FULL_Q10
        return over if over > 0 else 0

    def lines(self, server: int) -> int:
        """Lines served since the start."""
        return self.served[server]

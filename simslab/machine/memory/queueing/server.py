"""When does a shared resource answer: servers with finite bandwidth (memory channels, links).

CPUs run ahead of one another by up to a quantum, so a server cannot keep one busy-until time: a CPU ahead would
reserve the future and one behind would queue after it (13 times the true queueing at a quantum of 10,000 cycles). A
server keeps its *usage per time bucket* instead and estimates the queueing inside a bucket from its load: the mean
wait of an M/D/1 queue, and the backlog once a bucket is over-full. `benchmarks/servers.py` compares it with busy-until.

At quantum 0 requests come in order of time. There `exact` servers keep the busy-until time: the reference.

Not modelled: order of requests inside a bucket; refresh.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers

BUCKET_BITS: Final = 11  # 2,048 cycles: long enough for a steady load, short enough to see a burst
BUCKETS: Final = 64  # ring; spans 131,072 cycles, more than any sensible quantum
Q10_BITS: Final = 10  # times are in 1/1024 cycle
Q10: Final = 1024
BUCKET_MASK: Final = 2047
SETTLED: Final = 8  # buckets; 16,384 cycles, more than the default quantum
AVERAGE_BITS: Final = 3  # weight of the newest settled bucket: 1/8
FULL_Q10: Final = 2048 * 1024  # service that fits one bucket
SATURATED_Q10: Final = 1992294  # 95 % of FULL_Q10: above it the M/D/1 mean is replaced by the backlog


class ServerArray:
    """`count` servers; `service_q10[i]`: service time of one line on server i in 1/1024 cycle, 0 for unlimited.

    `exact`: requests come in order of time, so that a busy-until time is right.
    """

    def __init__(self, service_q10: list[int], exact: int = 0) -> None:
        self.count = len(service_q10)
        self.exact = exact
        self.utilization = 0  # of the server last asked, before that request; 1024 is all the time
        self.backlog = 0  # of the server last joined, 1/1024 cycle
        self.free_owner = buffers.int64_zeros(self.count)
        self.free = buffers.int64_pointer(self.free_owner)  # exact: busy until, 1/1024 cycle
        self.service_owner = buffers.int64_zeros(self.count)
        self.service = buffers.int64_pointer(self.service_owner)
        self.served_owner = buffers.int64_zeros(self.count)
        self.served = buffers.int64_pointer(self.served_owner)
        self.stamp_owner = buffers.int64_zeros(self.count * BUCKETS)
        self.stamp = buffers.int64_pointer(self.stamp_owner)
        self.usage_owner = buffers.int64_zeros(self.count * BUCKETS)
        self.usage = buffers.int64_pointer(self.usage_owner)
        self.steady_owner = buffers.int64_zeros(self.count)
        self.steady = buffers.int64_pointer(self.steady_owner)  # moving average of usage in settled buckets
        self.newest_owner = buffers.int64_zeros(self.count)
        self.newest = buffers.int64_pointer(self.newest_owner)  # highest bucket number seen
        self.latest_owner = buffers.int64_zeros(self.count * BUCKETS)
        self.latest = buffers.int64_pointer(self.latest_owner)  # latest offset asked in the bucket
        self.fraction_owner = buffers.int64_zeros(self.count)
        self.fraction = buffers.int64_pointer(self.fraction_owner)
        for server, service in enumerate(service_q10):
            self.service[server] = service

    def request(self, server: int, now: int) -> int:
        """Serve one line at time `now`; returns the queueing delay in cycles (service is in the idle latency).

        Fractions of a cycle are carried to the server's next request, so the mean delay is exact.
        """
        return self.serve(server, now, self.service[server])

    def serve(self, server: int, now: int, service: int) -> int:
        """Like `request` for a line that takes `service` / 1024 cycles."""
        self.served[server] += 1
        self.utilization = 0
        if service == 0:
            return 0
        number = now >> BUCKET_BITS
        slot = self.bucket(server, number)
        load = self.load(server, number, slot, now & BUCKET_MASK)
        self.utilization = load >> BUCKET_BITS if load < FULL_Q10 else Q10
        if self.exact:
            self.usage[slot] += service
            return self.busy_until(server, now << Q10_BITS, service)
        over = self.usage[slot] - FULL_Q10
        self.usage[slot] += service
        wait = over if over > 0 else 0
        if load > SATURATED_Q10:
            load = SATURATED_Q10
        if load:  # Speed: no division for a server that was idle (benchmarks/boot.py)
            wait += service * load // (2 * (FULL_Q10 - load))
        wait += self.fraction[server]
        self.fraction[server] = wait & (Q10 - 1)
        return wait >> Q10_BITS

    def ask(self, server: int, now: int, service: int) -> int:
        """Take part with a line that takes `service` / 1024 cycles, for a queue whose wait another class knows.

        Returns the load before it, FULL_Q10 at most; `backlog` is then what it finds beyond a full bucket.
        """
        number = now >> BUCKET_BITS
        slot = self.bucket(server, number)
        load = self.load(server, number, slot, now & BUCKET_MASK)
        over = self.usage[slot] - FULL_Q10
        self.backlog = over if over > 0 else 0
        self.usage[slot] += service
        return load if load < FULL_Q10 else FULL_Q10

    def busy_until(self, server: int, now_q10: int, service: int) -> int:
        """Queue behind everything asked before; returns the wait in cycles, its fraction carried."""
        free = self.free[server]
        wait = self.fraction[server]
        if free > now_q10:
            wait += free - now_q10
            self.free[server] = free + service
        else:
            self.free[server] = now_q10 + service
        self.fraction[server] = wait & (Q10 - 1)
        return wait >> Q10_BITS

    def load(self, server: int, number: int, slot: int, offset: int) -> int:
        """Service asked of the bucket's length of time before `offset`, in 1/1024 cycle.

        What the present bucket holds was asked up to its latest offset; a request from a CPU that is behind counts the
        share that came before it, as if spread evenly. What CPUs that are still behind will ask is not there yet: the
        load is therefore never taken below its steady average, over buckets older than any quantum.
        """
        present = self.usage[slot]
        if offset < self.latest[slot]:
            present = present * offset // self.latest[slot]
        else:
            self.latest[slot] = offset
        earlier = self.usage_before(server, number)
        near = present + earlier - (earlier * offset >> BUCKET_BITS)
        steady = self.steady[server]
        return near if near > steady else steady

    def bucket(self, server: int, number: int) -> int:
        """Slot of bucket `number`, emptied if it held an older one."""
        slot = server * BUCKETS + (number & (BUCKETS - 1))
        if self.stamp[slot] != number:
            carried = self.usage_before(server, number) - FULL_Q10
            self.stamp[slot] = number
            self.latest[slot] = 0
            self.average(server, number)
            self.usage[slot] = carried if carried > 0 else 0
        return slot

    def average(self, server: int, number: int) -> int:
        """Bring the steady average up to the bucket `SETTLED` before `number`."""
        settled = newest = self.newest[server]
        if number - settled > BUCKETS:
            settled = number - BUCKETS
            self.steady[server] = 0
        # Speed: nothing is left to average behind the newest bucket once the average is 0 (benchmarks/boot.py)
        while settled < number and (self.steady[server] or settled < newest + SETTLED):
            settled += 1
            usage = self.usage_before(server, settled - SETTLED + 1) if settled > SETTLED else 0
            self.steady[server] += (usage - self.steady[server]) >> AVERAGE_BITS
        if number > self.newest[server]:
            self.newest[server] = number
        return 0

    def usage_before(self, server: int, number: int) -> int:
        """Service time asked of the bucket before `number`, 0 if it has been forgotten or never used."""
        slot = server * BUCKETS + ((number - 1) & (BUCKETS - 1))
        return self.usage[slot] if number > 0 and self.stamp[slot] == number - 1 else 0

    def lines(self, server: int) -> int:
        """Lines served since the start."""
        return self.served[server]

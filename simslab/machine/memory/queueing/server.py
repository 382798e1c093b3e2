"""When does a shared resource answer: servers with finite bandwidth (memory channels, links).

CPUs run ahead of one another by up to a quantum, so a server cannot keep one busy-until time: a CPU ahead would
reserve the future and one behind would queue after it (13 times the true queueing at a quantum of 10,000 cycles). A
server keeps its *usage per time bucket* instead and estimates the queueing inside a bucket from its load: the mean
wait of an M/D/1 queue, at most all of that load, or the backlog of an over-full bucket where that is more. What does
not fit a bucket is served in the next: no service counts for both. `benchmarks/servers.py` compares it with busy-until.

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
DEVIATIONS_SQUARED: Final = 9  # of a bucket's usage, beyond which it is no accident
SATURATED_Q10: Final = 1992294  # 95 % of FULL_Q10: above it only the backlog makes the wait longer

# Fields of a server.
SERVICE: Final = 0  # of a line, 1/1024 cycle; 0: unlimited
SERVED: Final = 1  # lines since the start
FRACTION: Final = 2  # of a cycle that its delays have left
FREE: Final = 3  # exact: busy until, 1/1024 cycle
STEADY: Final = 4  # moving average of usage in settled buckets
NEWEST: Final = 5  # highest bucket number seen
SERVER_BITS: Final = 3  # a server is one line of the host's

# Fields of a bucket.
STAMP: Final = 0  # its number
USAGE: Final = 1  # service asked of it, 1/1024 cycle
LATEST: Final = 2  # latest offset asked for
SLOT_BITS: Final = 2


class ServerArray:
    """`count` servers; `service_q10[i]`: service time of one line on server i in 1/1024 cycle, 0 for unlimited.

    `exact`: requests come in order of time, so that a busy-until time is right.
    """

    def __init__(self, service_q10: list[int], exact: int = 0) -> None:
        self.count = len(service_q10)
        self.exact = exact
        self.utilization = 0  # of the server last asked, before that request; 1024 is all the time
        self.backlog = 0  # of the server last joined, 1/1024 cycle
        self.server_owner = buffers.int64_zeros(self.count << SERVER_BITS)
        self.servers = buffers.int64_pointer(self.server_owner)
        self.bucket_owner = buffers.int64_zeros(self.count * BUCKETS << SLOT_BITS)
        self.buckets = buffers.int64_pointer(self.bucket_owner)
        for server, service in enumerate(service_q10):
            self.servers[(server << SERVER_BITS) + SERVICE] = service

    def request(self, server: int, now: int) -> int:
        """Serve one line at time `now`; returns the queueing delay in cycles (service is in the idle latency).

        Fractions of a cycle are carried to the server's next request, so the mean delay is exact.
        """
        return self.serve(server, now, 0, self.servers[(server << SERVER_BITS) + SERVICE])

    def request_after(self, server: int, now: int, waited: int) -> int:
        """Like `request` for a line that has waited `waited` cycles at servers before this one.

        It takes its place when it is asked for, as at the first, and what is too much for the bucket is gone by so much
        when it comes: of servers in a row the slowest delays. The mean waits below that add up, as for lines of others.
        """
        return self.serve(server, now, waited, self.servers[(server << SERVER_BITS) + SERVICE])

    def serve(self, server: int, now: int, waited: int, service: int) -> int:
        """Like `request_after` for a line that takes `service` / 1024 cycles."""
        servers = self.servers
        row = server << SERVER_BITS
        servers[row + SERVED] += 1
        self.utilization = 0
        if service == 0:
            return 0
        slot = self.bucket(server, now >> BUCKET_BITS)
        load = self.load(server, now, slot)
        self.utilization = load >> BUCKET_BITS if load < FULL_Q10 else Q10
        over = self.buckets[slot + USAGE] - FULL_Q10 - (waited << Q10_BITS)
        self.enter(server, slot, service)
        if self.exact:
            return self.busy_until(row, now << Q10_BITS, waited << Q10_BITS, service)
        wait = 0
        if load > SATURATED_Q10:
            load = SATURATED_Q10
        if load:  # Speed: no division for a server that was idle (benchmarks/boot.py)
            wait = service * load // (2 * (FULL_Q10 - load))
            if wait > load:  # nobody waits longer for what was asked within a bucket's length than that takes
                wait = load
        if wait < over:
            wait = over
        wait += servers[row + FRACTION]
        servers[row + FRACTION] = wait & (Q10 - 1)
        return wait >> Q10_BITS

    def ask(self, server: int, now: int, service: int) -> int:
        """Take part with a line that takes `service` / 1024 cycles, for a queue whose wait another class knows.

        Returns the load before it, FULL_Q10 at most; `backlog` is then what it finds beyond a full bucket.
        """
        slot = self.bucket(server, now >> BUCKET_BITS)
        load = self.load(server, now, slot)
        over = self.buckets[slot + USAGE] - FULL_Q10
        self.backlog = over if over > 0 else 0
        self.enter(server, slot, service)
        return load if load < FULL_Q10 else FULL_Q10

    def busy_until(self, row: int, now_q10: int, waited_q10: int, service: int) -> int:
        """Queue behind everything that the server at `row` was asked before; returns the wait in cycles.

        Its fraction is carried to the next request. A line that has waited before takes its place in the order of
        `now_q10` all the same, which is that in which lines are asked for, and waits for what is left then.
        Not modelled: lines of others that come while it waits before.
        """
        servers = self.servers
        free = servers[row + FREE]
        wait = servers[row + FRACTION]
        if free > now_q10:
            if free > now_q10 + waited_q10:
                wait += free - now_q10 - waited_q10
            servers[row + FREE] = free + service
        else:
            servers[row + FREE] = now_q10 + service
        servers[row + FRACTION] = wait & (Q10 - 1)
        return wait >> Q10_BITS

    def load(self, server: int, now: int, slot: int) -> int:
        """Service asked of the bucket's length of time before `now`, which is in the bucket at `slot`; 1/1024 cycle.

        What the present bucket holds was asked up to its latest offset; a request from a CPU that is behind counts the
        share that came before it, as if spread evenly. What CPUs that are still behind will ask is not there yet: the
        load is therefore never taken below its steady average, over buckets older than any quantum. Nor is it taken
        above by less than three deviations of as many requests at random: the wait grows faster than the load, so
        that its mean over loads that are drawn is more than that of the mean. Slow servers, few of whose lines fit a
        bucket, still wait longer than they should (64 cycles a line 1.1 times, 128 1.2 at a load of 0.8;
        benchmarks/servers.py). Servers whose lines differ (`ask`) have no service of their own to tell.
        """
        buckets = self.buckets
        offset = now & BUCKET_MASK
        present = buckets[slot + USAGE]
        latest = buckets[slot + LATEST]
        if offset >= latest:
            buckets[slot + LATEST] = offset
        elif present:
            present = present * offset // latest
        earlier = self.served_in(server, (now >> BUCKET_BITS) - 1)
        near = present + earlier - (earlier * offset >> BUCKET_BITS)
        row = server << SERVER_BITS
        steady = self.servers[row + STEADY]
        more = near - steady
        if more <= 0:
            return steady
        service = self.servers[row + SERVICE]
        if service == 0 or more > FULL_Q10 or more // service * more > DEVIATIONS_SQUARED * steady:
            return near
        return steady

    def bucket(self, server: int, number: int) -> int:
        """Place of bucket `number`, emptied if it held an older one."""
        slot = (server * BUCKETS + (number & (BUCKETS - 1))) << SLOT_BITS
        if self.buckets[slot + STAMP] != number:
            self.renew(server, number, slot)
        return slot

    def renew(self, server: int, number: int, slot: int) -> int:
        """Begin bucket `number` with what did not fit the one before."""
        newest = self.servers[(server << SERVER_BITS) + NEWEST]
        if number > newest + 1 and self.usage_of(server, newest) > FULL_Q10:
            self.work_off(server, newest, number)
        carried = self.usage_of(server, number - 1) - FULL_Q10
        self.buckets[slot + STAMP] = number
        self.buckets[slot + LATEST] = 0
        self.buckets[slot + USAGE] = 0
        self.average(server, number)
        if carried > 0:
            self.enter(server, slot, carried)
        return 0

    def work_off(self, server: int, newest: int, number: int) -> int:
        """Begin the buckets before `number` of which nothing was asked, as long as there is a backlog to fill them."""
        while newest + 1 < number and self.usage_of(server, newest) > FULL_Q10:
            newest += 1
            self.renew(server, newest, (server * BUCKETS + (newest & (BUCKETS - 1))) << SLOT_BITS)
        return 0

    def enter(self, server: int, slot: int, service: int) -> int:
        """Ask `service` of the bucket at `slot`; what does not fit goes on to the next."""
        self.buckets[slot + USAGE] += service
        excess = self.buckets[slot + USAGE] - FULL_Q10
        return self.carry(server, slot, excess if excess < service else service) if excess > 0 else 0

    def carry(self, server: int, slot: int, excess: int) -> int:
        """Ask `excess`, too much for the bucket at `slot`, of those after it that a CPU ahead has begun already.

        Those that it skipped begin now: perhaps nobody asks anything of them later either.
        """
        buckets = self.buckets
        number = buckets[slot + STAMP] + 1
        newest = self.servers[(server << SERVER_BITS) + NEWEST]
        while excess > 0 and number <= newest:
            following = (server * BUCKETS + (number & (BUCKETS - 1))) << SLOT_BITS
            if buckets[following + STAMP] < number:
                return self.renew(server, number, following)
            if buckets[following + STAMP] > number:  # further ahead than the ring is long
                return 0
            buckets[following + USAGE] += excess
            over = buckets[following + USAGE] - FULL_Q10
            excess = over if over < excess else excess
            number += 1
        return 0

    def average(self, server: int, number: int) -> int:
        """Bring the steady average up to the bucket `SETTLED` before `number`."""
        row = server << SERVER_BITS
        newest = self.servers[row + NEWEST]
        if number <= newest:
            return 0
        steady = self.servers[row + STEADY]
        settled = newest - SETTLED
        if number - newest > BUCKETS:
            settled = number - BUCKETS - SETTLED
            steady = 0
        while settled < number - SETTLED and settled < newest:
            settled += 1
            usage = self.served_in(server, settled) if settled > 0 else 0
            steady += (usage - steady) >> AVERAGE_BITS
        # Speed: of later buckets nothing was asked (benchmarks/boot.py).
        while settled < number - SETTLED and steady:
            settled += 1
            steady += -steady >> AVERAGE_BITS
        self.servers[row + STEADY] = steady
        self.servers[row + NEWEST] = number
        return 0

    def usage_of(self, server: int, number: int) -> int:
        """Service time asked of bucket `number`, 0 if it has been forgotten or never used."""
        slot = (server * BUCKETS + (number & (BUCKETS - 1))) << SLOT_BITS
        return self.buckets[slot + USAGE] if number >= 0 and self.buckets[slot + STAMP] == number else 0

    def served_in(self, server: int, number: int) -> int:
        """Service given in bucket `number`: what was too much for it is asked of the next one again."""
        usage = self.usage_of(server, number)
        return usage if usage < FULL_Q10 else FULL_Q10

    def lines(self, server: int) -> int:
        """Lines served since the start."""
        return self.servers[(server << SERVER_BITS) + SERVED]

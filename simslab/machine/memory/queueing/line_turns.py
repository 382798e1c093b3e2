"""A line that several cores want at once: its home serves one request after another.

A request that finds another core's under way for the same line waits until the line is there. CPUs run ahead of one
another by up to a quantum, so who comes first is not known; how long a request waits is estimated from how much of the
time the line was under way for others, as for every server (`server.py`). Few cores come again and again to one line,
and none waits for itself: it is a closed queue, in whose mean wait a customer finds the others' share of the load
(P. J. Schweitzer's approximation of mean value analysis, 1979).

Only lines that cores fetch from one another several times within LATELY are looked after, PLACES of them at most, of
two that fall on one place the first.

Not modelled: the order of requests; that the cores and times which a place remembers are of the line that had it before
(they fade within two spells); locked operations beside loads and stores (coherence.py serves these in turn, and
spinlock.py those of its word); requests that a prefetch makes.
"""

from __future__ import annotations

from typing import Final

from simslab.base import bits, buffers, hashing
from simslab.machine.memory import states
from simslab.machine.memory.queueing.server import ServerArray

PLACES: Final = 256
PLACE_SHIFT: Final = 24  # of a hash of 32 bits, to a place
SPELL_BITS: Final = 14  # 16,384 cycles, more than the default quantum
LATELY: Final = 16384  # cycles: the same
Q10_BITS: Final = 10  # service is in 1/1024 cycle
AVERAGE_BITS: Final = 3  # weight of the newest service time: 1/8

# Fields of a place, which are one line of the host's.
LINE: Final = 0  # line + 1
LATEST: Final = 1  # when the line was asked for last
AGAIN: Final = 2  # whether it was within LATELY of the time before
SERVICE: Final = 3  # moving average of the time a request takes, 1/1024 cycle
SPELL: Final = 4  # number of the spell that NOW is of
NOW: Final = 5  # mask of the cores that asked in that spell
BEFORE: Final = 6  # and in the one before
CORES: Final = 7  # how many these are
FIELDS: Final = 8
FIELD_BITS: Final = 3

MOST: Final = 65  # cores told apart, and one
ALL: Final = 1024  # the whole of a server's time
LOAD_BITS: Final = 11  # of a server's load of 2,048 cycles in 1/1024 cycle, to parts of ALL


class LineTurns:
    """How long requests for lines wait for other cores' requests for the same."""

    def __init__(self) -> None:
        self.servers = ServerArray([0] * PLACES)
        self.place_owner = buffers.int64_zeros(PLACES * FIELDS)
        self.places = buffers.int64_pointer(self.place_owner)
        # Speed: tables instead of two divisions; 43 of 9,244 instructions an operation of the contended worst case
        # (callgrind; benchmarks/allocator.py, batchcount 1), its rate is the same.
        self.share_owner = buffers.int64_zeros(MOST)
        self.share = buffers.int64_pointer(self.share_owner)  # of the load that others ask for, by how many cores ask
        for cores in range(2, MOST):
            self.share[cores] = ALL * (cores - 1) // cores
        self.mean_owner = buffers.int64_zeros(ALL)
        self.mean = buffers.int64_pointer(self.mean_owner)  # wait in 1/1024 service times, by the others' load
        for load in range(ALL):
            self.mean[load] = ALL * load // (2 * (ALL - load))

    def wait(self, core: int, line: int, now: int, latency: int, moved: int) -> int:
        """Cycles that a request which takes `latency` waits; `moved`: whether another cache sends the line.

        What the L3 sends waits for its turn, too, while a line moves among cores, but does not make it one that does.
        """
        place = (hashing.spread(line) >> PLACE_SHIFT) * FIELDS
        places = self.places
        since = now - places[place + LATEST]
        if since < 0:
            since = -since
        if places[place + LINE] != line + 1:
            if moved and (since > LATELY or places[place + AGAIN] == 0):
                places[place + LINE] = line + 1
                places[place + LATEST] = now
                places[place + AGAIN] = 0
            return 0
        places[place + LATEST] = now
        if since > LATELY:
            places[place + AGAIN] = 0
            return 0
        places[place + AGAIN] = 1
        return self.queue(place, core, now, latency << Q10_BITS)

    def queue(self, place: int, core: int, now: int, service: int) -> int:
        """Join the queue of a place with a request that takes `service` / 1024 cycles; returns the wait in cycles."""
        places = self.places
        usual = places[place + SERVICE]
        places[place + SERVICE] += (service - usual) >> AVERAGE_BITS
        share = self.share[self.customers(place, core, now >> SPELL_BITS)]
        load = self.servers.ask(place >> FIELD_BITS, now, service)
        if share == 0:
            return 0
        wait = usual * self.mean[(load * share >> Q10_BITS) >> LOAD_BITS] >> Q10_BITS
        backlog = self.servers.backlog
        return (wait if wait > backlog else backlog) >> Q10_BITS

    def customers(self, place: int, core: int, spell: int) -> int:
        """How many cores have asked lately, this one included; of those 64 apart one counts."""
        places = self.places
        bit = bits.bit(core & states.IN_WORD)
        if spell == places[place + SPELL] and places[place + NOW] & bit:
            return places[place + CORES]
        if spell > places[place + SPELL]:
            places[place + BEFORE] = places[place + NOW] if places[place + SPELL] == spell - 1 else 0
            places[place + NOW] = 0
            places[place + SPELL] = spell
        places[place + NOW] |= bit
        places[place + CORES] = bits.count(places[place + NOW] | places[place + BEFORE])
        return places[place + CORES]

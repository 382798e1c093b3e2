"""The store buffer and the fill buffers of a hardware thread: stores retire in the background, in order.

A store takes an entry of the store buffer until its line has arrived and every store before it has retired; only when
all entries are taken does the core stall, until the oldest retires.

Lines of waiting stores are asked for ahead of their turn, side by side. With `core.store_lookahead` a line that another
core holds is not, as no prefetch takes one (`CoherentMemory.prefetch`): its store asks when all before it have retired
but for others that miss and as many as that to lines that are here.

A prefetch for writing takes a fill buffer and no entry. Only stores to its line and locked operations on it wait until
that has arrived.

A line that another CPU polls, in the queue of a lock whose word lies in it, comes back shared each time that it was
written. A store to it takes it back, invalidating the poller's copy; the poller's next load, which waits at the home by
then, gets it as soon as the store has retired and the few right behind it, and the next store must take it again. Such
stores cost the holder nothing until its store buffer is full; so the hold of a long section grows, not of a short one.

Not modelled: loads that find all fill buffers taken by stores; two stores to one line sharing an entry; that a line
asked for later is taken from its holder later, too.
"""

from __future__ import annotations

from simslab.base import buffers
from simslab.base.engine import Engine
from simslab.machine.accounting import causes
from simslab.machine.core.core_clock import CoreClock
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.memory import states


class StoringCore(CoreClock):
    """A clocked thread with a store buffer of `entries` entries (0: none) and its share of the fill buffers."""

    def __init__(self, place: CpuPlace, costs: CoreCosts, scheduler: Engine | None) -> None:
        super().__init__(place, costs, scheduler)
        self.entries: int = costs.core.store_buffer
        self.store_interval: int = costs.core.store_interval
        self.stores_owner = buffers.int64_zeros(max(1, self.entries))
        self.stores = buffers.int64_pointer(self.stores_owner)  # when each entry's store retires, oldest next
        self.next_store = 0
        self.lookahead: int = costs.core.store_lookahead
        self.hits_owner = buffers.int64_zeros(max(1, self.lookahead))
        self.hits = buffers.int64_pointer(self.hits_owner)  # when the latest stores to lines that are here retire
        self.next_hit = 0  # the oldest of them
        self.others_from = 0  # instructions up to the last store that was named
        self.drained = 0  # when the youngest store retires
        self.ahead = states.NO_LINE  # line last asked for ahead of its store, and when it arrives
        self.ahead_until = 0
        self.under_way = 0  # when the latest of all lines asked for arrives; no store retires after it
        self.fills_owner = buffers.int64_zeros(self.fill_buffers)
        self.fills = buffers.int64_pointer(self.fills_owner)  # when the latest lines arrive, the oldest of them next
        self.next_fill = 0
        self.kept: int = costs.core.kept
        self.entered = 0  # stores that took an entry since the start
        self.polled = states.NO_LINE  # line that another CPU polls while this one works in it
        self.poller = 0  # that CPU's core
        self.follows = 0  # cycles in which its waiting load gets the line
        self.granted = 0  # when this core had the line last
        self.entered_before = 0  # stores that had entered by then
        self.kept_until = 0  # when it goes back to the poller
        self.outer_polled = states.NO_LINE  # the same of another line, that of a lock held around or inside the first
        self.outer_poller = 0
        self.outer_follows = 0
        self.outer_granted = 0
        self.outer_entered = 0
        self.outer_until = 0

    def lend(self, line: int, poller: int, follows: int, since: int) -> int:
        """From `since` on core `poller` polls `line`; another line that is polled stays so."""
        if line != self.polled and (self.polled != states.NO_LINE or line == self.outer_polled):
            self.swap_polled()
        self.polled = line
        self.poller = poller
        self.follows = follows
        self.granted = self.drained if self.drained > self.now else self.now
        self.entered_before = self.entered
        self.kept_until = since if since > self.granted + self.kept else self.granted + self.kept
        return 0

    def swap_polled(self) -> int:
        """Take the other one of two polled lines for that which `keeps` and `take_back` mean.

        Not modelled: a third one; SLAB holds two locks at the most (alien_cache.lock and list_lock).
        """
        self.polled, self.outer_polled = self.outer_polled, self.polled
        self.poller, self.outer_poller = self.outer_poller, self.poller
        self.follows, self.outer_follows = self.outer_follows, self.follows
        self.granted, self.outer_granted = self.outer_granted, self.granted
        self.entered_before, self.outer_entered = self.outer_entered, self.entered_before
        self.kept_until, self.outer_until = self.outer_until, self.kept_until
        return 0

    def keeps(self) -> int:
        """Whether a store made now retires before the polled line goes back; one store retires in a cycle."""
        retires = self.granted + self.entered - self.entered_before
        return 1 if (retires if retires > self.now else self.now) <= self.kept_until else 0

    def take_back(self, latency: int) -> int:
        """A store has asked for the polled line, once the poller's load was answered; returns when it is here."""
        answered = self.kept_until + self.follows
        start = answered if answered > self.now else self.now
        self.buffer_store(start - self.now + latency, 0)
        self.granted = start + latency
        self.entered_before = self.entered
        self.kept_until = self.granted + self.kept
        return self.granted

    def buffer_store(self, latency: int, held: int) -> int:
        """Put a store whose line takes `latency` cycles into the store buffer; stall while it is full.

        With `held` the line is another core's, and is asked for only when the stores before have retired (see above).
        """
        self.others_come_first()
        slot = self.next_store
        if self.stores[slot] > self.now:
            self.pay(causes.STORE_BUFFER, self.stores[slot] - self.now)
        if latency > 0:
            self.fill(latency, self.hits[self.next_hit] if held else 0)  # 0 without `lookahead`
        elif self.lookahead:
            self.hit_retires(self.drained)
        self.stores[slot] = self.drained
        self.next_store = slot + 1 if slot + 1 < self.entries else 0
        self.entered += 1
        return 0

    def hit_retires(self, when: int) -> int:
        """Keep in mind when a store to a line that is here retires."""
        self.hits[self.next_hit] = when
        self.next_hit = self.next_hit + 1 if self.next_hit + 1 < self.lookahead else 0
        return 0

    def buffer_others(self) -> int:
        """Let the stores of the instructions since the last one that was named take their entries behind it.

        Most stores of compiled code go to lines that are always there (the stack) and are not named one by one; but
        they retire in order and fill the buffer behind a store that misses.
        """
        count = (self.instructions - self.others_from) // self.store_interval
        if count > self.entries:
            count = self.entries
        # Speed: in C what `stores` points to might be any of the attributes (benchmarks/allocator.py: prod. and cons.).
        stores, retires, now, last = self.stores, self.drained, self.now, self.entries - 1
        slot = self.next_store
        self.entered += count
        for _ in range(count if count < self.lookahead else self.lookahead):
            self.hit_retires(retires)
        while count > 0:
            count -= 1
            if stores[slot] > now:
                self.pay(causes.STORE_BUFFER, stores[slot] - now)
                now = self.now
            stores[slot] = retires
            slot = slot + 1 if slot < last else 0
        self.next_store = slot
        return 0

    def fill_ahead(self, line: int, latency: int) -> int:
        """Ask for a line ahead of its store, as a prefetch for writing does: only stores to it wait until it is here.

        Not modelled: several lines that are still on their way, but for the latest.
        """
        waiting = self.drained
        self.ahead = line
        self.ahead_until = self.fill(latency, 0)
        self.drained = waiting
        return 0

    def fill_stored(self, latency: int) -> int:
        """Ask for a line of a string store, which takes no entry and retires in its turn."""
        self.others_come_first()
        return self.fill(latency, 0)

    def others_come_first(self) -> int:
        """Let the stores of instructions up to now enter before what comes; in an empty buffer they have retired."""
        if self.drained > self.now:
            self.buffer_others()
        self.others_from = self.instructions
        return 0

    def arrives(self, line: int) -> int:
        """What is stored to `line` now retires when that has come, if it was asked for ahead and is on its way."""
        if line == self.ahead and self.ahead_until > self.now:
            self.others_come_first()
            if self.drained < self.ahead_until:
                self.drained = self.ahead_until
            self.ahead = states.NO_LINE
        return 0

    def store_hit(self, line: int) -> int:
        """A store to a line that the L1 owns, while others wait or a line is on its way that was asked for ahead."""
        self.arrives(line)
        return self.buffer_store(0, 0) if self.drained > self.now else 0

    def fill(self, latency: int, after: int) -> int:
        """Ask for a store's line through a fill buffer, not before `after`, in the background; returns when it arrives.

        Stores retire in order, so whatever is stored from now on retires after that.
        """
        start = self.fill_buffer_free()
        if start < after:
            start = after
        arrival = (start if start > self.now else self.now) + latency
        slot = self.next_fill
        self.fills[slot] = arrival
        self.next_fill = slot + 1 if slot + 1 < self.fill_buffers else 0
        if arrival > self.drained:
            self.drained = arrival
        if arrival > self.under_way:
            self.under_way = arrival
        return arrival

    def fill_buffer_free(self) -> int:
        """When the next fill buffer of this thread's share is free: as many lines before have to have arrived."""
        slot = self.next_fill - self.fill_share
        return self.fills[slot if slot >= 0 else slot + self.fill_buffers]

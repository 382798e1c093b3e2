"""Who may hold a line: MESIF or MOESI over private L1/L2, one L3 per domain and a home agent per node.

An L2 miss looks up its own L3 domain's snoop filter first and only then goes to the line's home, whose directory knows
which domains hold the line. Four questions, four objects: where is the line (`cache_array.py`), whom to evict
(`replacement.py`), who may hold it (here, with `holders.py`), when does it arrive (`paths.py`
over `interconnect.py`); `hierarchy.py` puts tag arrays and tables together.

`transact` returns the full latency of one access; what of it the core exposes is the CPU's business (`accesses.py`).

Not modelled: races between transactions (each completes before the next begins).
"""

from __future__ import annotations

from typing import Any, Final

from simslab.base import bits, buffers, hashing
from simslab.machine.accounting import causes
from simslab.machine.memory import states
from simslab.machine.memory.hierarchy import CacheHierarchy
from simslab.machine.memory.memory_spec import MemoryMap
from simslab.machine.memory.paths import Paths
from simslab.machine.memory.queueing.cache_ports import CachePorts
from simslab.machine.memory.queueing.line_turns import LineTurns

WORDS: Final = 64  # places for lines whose last locked operation is remembered
WORD_PLACE: Final = 26  # bits of a line's hash below those that choose its place


class CoherentMemory:
    """The machine's memory as a core sees it: every access returns its latency in cycles."""

    def __init__(
        self, caches: CacheHierarchy, paths: Paths, places: MemoryMap, ports: CachePorts | None = None
    ) -> None:
        self.caches, self.paths = caches, paths
        self.l1, self.l2 = caches.l1, caches.l2
        self.holders = caches.holders
        self.domain_owner = buffers.int64_zeros(len(places.core_domain))
        self.core_domain = buffers.int64_pointer(self.domain_owner)
        for core, domain in enumerate(places.core_domain):
            self.core_domain[core] = domain
        self.l2_latency: int = paths.l2
        self.row_owner = buffers.int64_zeros(len(places.core_node))
        self.core_row = buffers.int64_pointer(self.row_owner)  # of the core's node in `lines` and `cycles`
        for core, node in enumerate(places.core_node):
            self.core_row[core] = node * causes.NR_CAUSES
        nodes = paths.interconnect.nodes
        self.lines_owner = buffers.int64_zeros(nodes * causes.NR_CAUSES)
        self.lines = buffers.int64_pointer(self.lines_owner)  # lines fetched, by node of the core and cause
        self.cycles_owner = buffers.int64_zeros(nodes * causes.NR_CAUSES)
        self.cycles = buffers.int64_pointer(self.cycles_owner)  # their full latencies
        self.grant = 0  # state that the read in progress earns inside its domain
        # Speed: the core's own state as its L2 just told, not looked up again (benchmarks/slub.py, 8 CPUs)
        self.held = 0
        self.cause = 0  # of the last transaction, as are the queueing parts of its latency
        self.link_queue = 0
        self.dram_queue = 0
        self.word_owner = buffers.int64_zeros(3 * WORDS)
        self.word = buffers.int64_pointer(self.word_owner)  # [slot] line + 1, core, and end of its last locked access
        self.ports = ports
        self.ported = 0 if ports is None else 1
        self.turns = LineTurns()
        self.cache_queue = 0
        self.witness: Any = None  # a LineLog, where lines are asked for one by one

    def state_in_core(self, core: int, line: int) -> int:
        """State in which a core's L1 or L2 holds the line, 0 if neither does; not an access."""
        return self.caches.private_state(core, line)

    def access(self, core: int, line: int, write: int, now: int) -> int:
        """Like `transact`, for code that has not looked into the L1: a hit there returns 0."""
        state = self.l1.take(core, line, write)
        if state >= states.EXCLUSIVE or (state != 0 and not write):
            return 0
        return self.transact(core, line, write, now)

    # -- transactions -----------------------------------------------------------------------------------------------

    def transact(self, core: int, line: int, write: int, now: int) -> int:
        """Bring `line` into the core's L1 for reading or writing; returns the full latency in cycles.

        Only for a read of a line that the L1 does not hold, or a write of one that it does not hold in M or E. Leaves
        `cause`, `link_queue` and `dram_queue` for attribution.
        """
        if self.witness is not None:
            self.tell_fetching(core, line)
        domain = self.core_domain[core]
        row = self.holders.row_of(domain + 1, line)
        latency = self.private_hit(core, row, line, write)
        if latency < 0:
            latency = self.beyond_private(core, domain, row, line, write, now)
        self.cache_queue = self.pass_ports(core, now) if self.ported else 0
        latency += self.cache_queue
        index = self.core_row[core] + self.cause
        self.lines[index] += 1
        self.cycles[index] += latency
        if self.witness is not None:
            self.tell_fetched(core, line, write)
        return latency

    def tell_fetching(self, core: int, line: int) -> int:
        """Tell the witness of a transaction before it is made."""
        self.witness.fetching(core, line)
        return 0

    def tell_fetched(self, core: int, line: int, write: int) -> int:
        """Tell the witness of a transaction that was made, and where the line came from."""
        self.witness.fetched(core, line, write, self.cause)
        return 0

    def tell_hit(self, core: int, line: int, write: int) -> int:
        """Tell the witness of an access that the core's L1 answered; for cores that are watched."""
        self.witness.hit(core, line, write)
        return 0

    # -- requests that wait for one another ---------------------------------------------------------------------------

    def follow(self, owner: int, core: int) -> int:
        """Cycles in which a line goes from core `owner` to core `core` whose request has been waiting at the home."""
        if owner == core:
            return 0
        return self.paths.follow(self.core_domain[owner], self.core_domain[core], owner, core)

    def transfer(self, owner: int, core: int) -> int:
        """Cycles in which core `core` gets a line of core `owner`'s own node that `owner` holds modified, all idle."""
        if owner == core:
            return 0
        domain = self.core_domain[owner]
        self.paths.begin(core)
        if domain == self.core_domain[core]:
            return self.paths.l3 + self.paths.c2c_modified
        return self.paths.acknowledged(self.paths.core_node[owner], domain)

    def upgrade(self, poller: int, core: int) -> int:
        """Cycles in which core `core` takes a line of core `poller`'s own node that both hold shared, all idle."""
        if poller == core:
            return 0
        if self.core_domain[poller] == self.core_domain[core]:
            return self.paths.l3 + self.paths.c2c_upgrade
        return self.transfer(poller, core)

    def transact_in_turn(self, core: int, line: int, now: int) -> int:
        """`transact` for a locked operation of a CPU that has settled: its request may have to wait for others.

        The home serves requests for a line one after another, and forwards each as soon as the owner before has done
        its operation (`locked_until`): of a request that had to wait, only the way from owner to owner is left.
        """
        latency = self.transact(core, line, 1, now)
        slot = 3 * (hashing.spread(line) >> WORD_PLACE)
        if self.word[slot] == line + 1 and self.word[slot + 1] != core and now <= self.word[slot + 2]:
            waited = self.word[slot + 2] - now + self.follow(self.word[slot + 1], core)
            self.cycles[self.core_row[core] + self.cause] += waited - latency
            latency = waited
            self.link_queue = self.dram_queue = self.cache_queue = 0
        return latency

    def held_by_sibling(self, core: int, line: int, now: int) -> int:
        """Cycles for which another thread of the core still holds a line of its cache, or waits for it to come.

        Threads share one L1, whose line a locked operation holds to its end. A thread's own operation is over by `now`.
        """
        slot = 3 * (hashing.spread(line) >> WORD_PLACE)
        if self.word[slot] == line + 1 and self.word[slot + 1] == core and self.word[slot + 2] > now:
            return self.word[slot + 2] - now
        return 0

    def locked_until(self, core: int, line: int, time: int) -> int:
        """Remember that a core's operation on a line, for which others may wait in turn, ends at `time`.

        Of two lines that fall on one place the later is remembered.
        """
        slot = 3 * (hashing.spread(line) >> WORD_PLACE)
        self.word[slot] = line + 1
        self.word[slot + 1] = core
        self.word[slot + 2] = time
        return 0

    def fetch(self, core: int, line: int, write: int, now: int) -> int:
        """`transact` for a load or a store, which waits while the line is under way for others (`line_turns.py`)."""
        latency = self.transact(core, line, write, now)
        moved = self.cause == causes.OTHER_CORE or self.cause == causes.REMOTE_CACHE
        if moved or self.cause == causes.L3:
            wait = self.turns.wait(core, line, now, latency, moved)
            self.cache_queue += wait
            self.cycles[self.core_row[core] + self.cause] += wait
            latency += wait
        return latency

    def pass_ports(self, core: int, now: int) -> int:
        """Take the line through the caches on its way; returns the queueing for their bandwidth."""
        assert self.ports is not None  # as `ported` tells
        if self.cause == causes.L2:
            return self.ports.from_l2(core, now)
        return self.ports.from_l3(self.core_domain[core], core, now)

    def prefetch(self, core: int, line: int, now: int) -> int:
        """Bring a line that no core of the domain holds into a core's L2 in the background; its latency, else 0.

        Not modelled: prefetches of lines that another core holds. With them objects that one core hands to another came
        at 0.65 to 0.69 of what silicon takes, without at 0.73 to 1.10 (benchmarks/README.md, SLUB against real cores).
        """
        if self.caches.private_state(core, line) != 0:
            return 0
        domain = self.core_domain[core]
        if self.holders.another(domain, self.holders.row_of(domain + 1, line), core) != states.NOBODY:
            return 0
        self.caches.fills_l1 = 0
        latency = self.transact(core, line, 0, now)
        self.caches.fills_l1 = 1
        return latency

    def private_hit(self, core: int, row: int, line: int, write: int) -> int:
        """Serve from L2 what needs nobody else; -1 otherwise."""
        # Speed: the snoop filter tells what the L2 has not, whose set need not be searched (benchmarks/allocator.py:
        # producer and consumer).
        holders = self.holders
        state = (
            self.l2.take(core, line, write)
            if holders.rows[row + holders.core_word[core]] & holders.core_bit[core]
            else 0
        )
        if state == 0 or (write and state == states.SHARED):
            self.held = state
            return -1
        if write:
            self.caches.fill_l1(core, line, states.MODIFIED)
        else:
            self.caches.insert_l1(core, line, state)
        self.cause = causes.L2
        self.link_queue = 0
        self.dram_queue = 0
        return self.l2_latency

    def beyond_private(self, core: int, domain: int, row: int, line: int, write: int, now: int) -> int:
        """L3 domain first, then the line's home."""
        self.paths.begin(core)
        if self.held == 0:
            self.l2.expect(core, line)
        if write:
            latency = self.take_ownership(core, domain, row, line, now)
        else:
            latency = self.read_in_domain(core, domain, row, line, now)
            if latency < 0:
                latency = self.read_from_home(domain, line, now)
            self.caches.fill_private(core, domain, row, line, self.grant, now)
        self.link_queue = self.paths.interconnect.link_queue
        self.dram_queue = self.paths.interconnect.dram_queue
        return latency

    # -- reads --------------------------------------------------------------------------------------------------------

    def read_in_domain(self, core: int, domain: int, row: int, line: int, now: int) -> int:
        """Serve a read below the requester's own L3; -1 when the domain does not hold the line."""
        other = self.holders.another(domain, row, core)
        self.grant = states.SHARED
        if other >= 0:
            state = self.caches.share_private(other, line)
            if state >= states.EXCLUSIVE:
                return self.read_from_owner(state, domain, row, line, now)
        if self.holders.rows[row] & states.L3_STATE:
            self.caches.use_l3(domain, row, line)
            self.cause = causes.L3
            if other == states.NOBODY and self.sole_owner(domain, line):
                self.grant = states.EXCLUSIVE
            return self.paths.l3
        if other != states.NOBODY:
            self.cause = causes.OTHER_CORE
            return self.paths.l3 + self.paths.c2c_shared
        return -1

    def read_from_owner(self, state: int, domain: int, row: int, line: int, now: int) -> int:
        """A core of the domain held the line in `state`, E or M: it answers, and shares it from now on."""
        self.cause = causes.OTHER_CORE
        if state == states.EXCLUSIVE:
            return self.paths.l3 + self.paths.c2c_exclusive
        self.caches.fill_l3(domain, row, line, states.MODIFIED, now)
        return self.paths.l3 + self.paths.c2c_modified

    def sole_owner(self, domain: int, line: int) -> int:
        """Whether the directory knows of no other domain and lets this one hand out E."""
        row = self.holders.row_of(states.DIRECTORY, line)
        return self.holders.is_alone(row, domain) if self.holders.owner_of(row) == domain else 0

    def read_from_home(self, domain: int, line: int, now: int) -> int:
        """Serve a read from another domain or from memory; the directory then lists the requester.

        E is granted when nobody else holds the line after it, S otherwise.
        """
        home = self.paths.home_of(line)
        row = self.holders.row_of(states.DIRECTORY, line)
        latency = self.answer(home, domain, row, line, now)
        self.holders.admit(row, domain, domain if self.caches.protocol == states.MESIF else states.NOBODY)
        if self.holders.others(row, domain):
            self.grant = states.SHARED
        else:
            self.holders.set_owner(row, domain)
            self.grant = states.EXCLUSIVE
        return latency

    def answer(self, home: int, domain: int, row: int, line: int, now: int) -> int:
        """Data for a read: from the owner, from a forwarder that is faster than memory, or from memory."""
        owner = self.holders.owner_of(row)
        forwarder = self.holders.forwarder_of(row)
        if owner >= 0 and owner != domain:
            latency = self.forward(home, owner, domain, now)
            self.downgrade(owner, row, line, now)
            return latency
        if forwarder >= 0 and forwarder != domain and self.paths.forward_wins(home, forwarder):
            return self.forward(home, forwarder, domain, now)
        return self.from_dram(home, domain, line, now)

    def forward(self, home: int, owner: int, domain: int, now: int) -> int:
        """Another domain sends the line."""
        self.cause = causes.REMOTE_CACHE
        return self.paths.forward(home, owner, domain, now)

    def from_dram(self, home: int, domain: int, line: int, now: int) -> int:
        """Memory sends the line; local means on the node of the requesting core."""
        self.cause = causes.LOCAL_DRAM if home == self.paths.requester_node else causes.REMOTE_DRAM
        return self.paths.from_dram(home, domain, line, now)

    def downgrade(self, owner: int, row: int, line: int, now: int) -> int:
        """A read reached the owning domain: copies become shared; MESIF writes dirty data home, MOESI keeps it (O)."""
        dirty = self.caches.share_domain(owner, self.holders.row_of(owner + 1, line), line, now)
        if dirty and self.caches.protocol == states.MOESI:
            return 0
        self.holders.set_owner(row, states.NOBODY)
        if dirty:
            self.paths.write_back(owner, line, now)
        return 0

    # -- writes -------------------------------------------------------------------------------------------------------

    def take_ownership(self, core: int, domain: int, row: int, line: int, now: int) -> int:
        """Get the only copy into the core."""
        held = self.held
        latency = self.read_for_ownership(core, domain, row, line, held, now)
        if held:
            self.caches.upgrade_private(core, domain, row, line, states.MODIFIED, now)
        else:
            self.caches.fill_private(core, domain, row, line, states.MODIFIED, now)
        return latency

    def read_for_ownership(self, core: int, domain: int, row: int, line: int, held: int, now: int) -> int:
        """Ask for the only copy: data if the core has none, and every other copy invalidated, in parallel."""
        latency = self.local_ownership(core, domain, row, line, held)
        entry = self.holders.row_of(states.DIRECTORY, line)
        if latency < 0 or self.holders.others(entry, domain):
            beyond = self.home_ownership(domain, entry, line, 1 if latency >= 0 else 0, now)
            latency = max(latency, beyond)
        self.holders.take(entry, domain)
        return latency

    def local_ownership(self, core: int, domain: int, row: int, line: int, held: int) -> int:
        """Invalidate the domain's other cores; the latency if the domain has the data, -1 if it does not."""
        other = self.holders.another(domain, row, core)
        l3_state = self.holders.rows[row] & states.L3_STATE
        if held == 0 and l3_state == 0 and other == states.NOBODY:
            return -1
        self.cause = causes.L3
        latency = self.paths.l3
        if other != states.NOBODY:
            self.cause = causes.OTHER_CORE
            latency += self.paths.c2c_upgrade if held else self.paths.c2c_modified
            self.caches.invalidate_cores(domain, row, line, core)
        if l3_state != 0:
            self.caches.use_l3(domain, row, line)
        return latency

    def home_ownership(self, domain: int, entry: int, line: int, has_data: int, now: int) -> int:
        """Ask the home for ownership; data from the owner, from memory, or none when the requester has it."""
        home = self.paths.home_of(line)
        owner = self.holders.owner_of(entry)
        answer = 0
        if has_data:
            self.cause = causes.REMOTE_CACHE
        elif owner >= 0 and owner != domain:
            answer = self.forward(home, owner, domain, now)
        else:
            answer = self.from_dram(home, domain, line, now)
        for word in range(self.holders.words):
            others = self.holders.other_domains_in(entry, word, domain)
            while others != 0:
                sharer = self.holders.domain_at(word, others)
                others &= ~bits.bit(bits.lowest(others))
                acknowledged = self.invalidate_sharer(home, sharer, line)
                if acknowledged > answer:
                    answer = acknowledged
                    self.cause = causes.REMOTE_CACHE
        return answer

    def invalidate_sharer(self, home: int, sharer: int, line: int) -> int:
        """Remove every copy in another domain; returns when its acknowledgement arrives."""
        self.caches.invalidate_domain(sharer, line)
        return self.paths.acknowledged(home, sharer)

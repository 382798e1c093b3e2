"""Who may hold a line: the snoop filters below the L3s, and the directory of the home agents among them.

Of every line the table has one row for the directory and one for the filter of each L3 domain. A filter's row is the
state of the L3's copy (0 absent, SHARED clean, MODIFIED dirty) and a mask of the domain's cores that hold the line; the
directory's names the owner, which has the only or the dirty copy (state O), and the forwarder, which answers for shared
copies (state F), and has a mask of the domains that hold the line. Small numbers stand in the low bits of the first
word, the mask from there on: a word a row but on the largest machines.

Not modelled: entries of the directory gone stale after silent evictions; back-invalidation by a full snoop filter.
"""

from __future__ import annotations

from collections.abc import Sequence

from simslab.base import bits, buffers
from simslab.machine.memory import states
from simslab.machine.memory.line_table import LineTable


def words_of(least: int, positions: int) -> int:
    """Words of a row whose mask begins at bit `least`."""
    return (least + positions + states.WORD_BITS - 1) // states.WORD_BITS


class Holders(LineTable):
    """One row a line for the directory and for each domain. `core_domain[c]` is the domain of core c.

    A core's bit is that of its position in its domain. `pages`: room at the start. ValueError for more domains or
    cores than can be told apart.
    """

    def __init__(self, core_domain: Sequence[int], domains: int, pages: int = 64) -> None:
        filled = [0] * domains
        positions = []
        for domain in core_domain:
            positions.append(states.FIRST_CORE + filled[domain])
            filled[domain] += 1
        if max(filled) > states.MOST_CORES:
            raise ValueError(f"{max(filled)} cores in an L3 domain, at most {states.MOST_CORES} can be told apart")
        if domains > states.MOST_DOMAINS:
            raise ValueError(f"{domains} L3 domains, at most {states.MOST_DOMAINS} can be told apart")
        self.domains = domains
        self.words = words_of(states.FIRST_DOMAIN, domains)
        self.core_words = words_of(states.FIRST_CORE, max(filled))
        super().__init__(domains + 1, max(self.words, self.core_words), pages)
        self.room = self.core_words * states.WORD_BITS
        self.word_owner = buffers.int64_zeros(len(positions))
        self.core_word = buffers.int64_pointer(self.word_owner)  # of a row, that has the core's bit
        self.bit_owner = buffers.int64_zeros(len(positions))
        self.core_bit = buffers.int64_pointer(self.bit_owner)
        self.core_owner = buffers.int64_zeros(domains * self.room)
        self.domain_core = buffers.int64_pointer(self.core_owner)
        for core, position in enumerate(positions):
            self.core_word[core] = position >> states.WORD_SHIFT
            self.core_bit[core] = bits.bit(position & states.IN_WORD)
            self.domain_core[core_domain[core] * self.room + position] = core

    # -- below one L3; `row` is that of the domain's filter ------------------------------------------------------------

    def filter_row(self, domain: int, line: int) -> int:
        """Return the row of a line in a domain's snoop filter, for code that is not compiled."""
        return self.row_of(domain + 1, line)

    def set_l3_state(self, row: int, state: int) -> int:
        """Set the state of the L3's copy, 0 for none."""
        self.rows[row] = (self.rows[row] & ~states.L3_STATE) | state
        return 0

    def add_core(self, row: int, core: int) -> int:
        """A core holds the line from now on."""
        self.rows[row + self.core_word[core]] |= self.core_bit[core]
        return 0

    def drop_core(self, row: int, core: int) -> int:
        """A core holds the line no longer."""
        self.rows[row + self.core_word[core]] &= ~self.core_bit[core]
        return 0

    def drop_cores(self, row: int, word: int, mask: int) -> int:
        """The cores of one word's mask hold the line no longer."""
        self.rows[row + word] &= ~mask
        return 0

    def held(self, row: int) -> int:
        """Whether a core holds the line."""
        for word in range(self.core_words):
            if self.cores_in(row, word) != 0:
                return 1
        return 0

    def cores_in(self, row: int, word: int) -> int:
        """One word of the mask of cores that hold the line."""
        return self.rows[row + word] if word else self.rows[row] & ~states.L3_STATE

    def others_in(self, row: int, word: int, core: int) -> int:
        """One word of the mask of cores that hold the line, without this one (NOBODY: with all)."""
        mask = self.cores_in(row, word)
        return mask & ~self.core_bit[core] if core >= 0 and self.core_word[core] == word else mask

    def another(self, domain: int, row: int, core: int) -> int:
        """The one other core that holds the line; NOBODY, or SEVERAL."""
        if self.core_words == 1:
            return self.another_in_word(domain, self.rows[row] & ~(states.L3_STATE | self.core_bit[core]))
        found = states.NOBODY
        for word in range(self.core_words):
            mask = self.others_in(row, word, core)
            if mask != 0:
                if found != states.NOBODY or mask != bits.bit(bits.lowest(mask)):
                    return states.SEVERAL
                found = self.core_at(domain, word, mask)
        return found

    def another_in_word(self, domain: int, mask: int) -> int:
        """The one core of a mask that is all of a row's; NOBODY, or SEVERAL.

        Speed: of nearly all machines (benchmarks/allocator.py: producer and consumer).
        """
        if mask == 0:
            return states.NOBODY
        position = bits.lowest(mask)
        return self.domain_core[domain * self.room + position] if mask == bits.bit(position) else states.SEVERAL

    def core_at(self, domain: int, word: int, mask: int) -> int:
        """The core of the lowest bit of a word's mask."""
        return self.domain_core[domain * self.room + (word << states.WORD_SHIFT) + bits.lowest(mask)]

    # -- among L3s; `entry` is the row of the directory ----------------------------------------------------------------

    def entry(self, line: int) -> int:
        """Return the row of a line in the directory, for code that is not compiled."""
        return self.row_of(states.DIRECTORY, line)

    def owner_of(self, entry: int) -> int:
        """The owning domain, NOBODY without one."""
        return (self.rows[entry] & states.DOMAIN_MASK) - 1

    def forwarder_of(self, entry: int) -> int:
        """The forwarding domain, NOBODY without one."""
        return ((self.rows[entry] >> states.FORWARDER) & states.DOMAIN_MASK) - 1

    def set_owner(self, entry: int, domain: int) -> int:
        """Set the owner, NOBODY for none."""
        self.rows[entry] = (self.rows[entry] & ~states.DOMAIN_MASK) | (domain + 1)
        return 0

    def set_forwarder(self, entry: int, domain: int) -> int:
        """Set the forwarder, NOBODY for none."""
        others = ~(states.DOMAIN_MASK << states.FORWARDER)
        self.rows[entry] = (self.rows[entry] & others) | ((domain + 1) << states.FORWARDER)
        return 0

    def is_alone(self, entry: int, domain: int) -> int:
        """Whether no domain but this one holds the line, and this one does."""
        return 0 if self.others(entry, domain) else self.holds(entry, domain)

    def holds(self, entry: int, domain: int) -> int:
        """Whether a domain holds the line."""
        place = domain + states.FIRST_DOMAIN
        word = self.rows[entry + (place >> states.WORD_SHIFT)]
        return 1 if word & bits.bit(place & states.IN_WORD) else 0

    def others(self, entry: int, domain: int) -> int:
        """Whether another domain than this one holds the line."""
        for word in range(self.words):
            if self.other_domains_in(entry, word, domain) != 0:
                return 1
        return 0

    def domains_in(self, entry: int, word: int) -> int:
        """One word of the mask of domains that hold the line."""
        return self.rows[entry + word] if word else self.rows[entry] & ~states.NAMES

    def other_domains_in(self, entry: int, word: int, domain: int) -> int:
        """One word of the mask of domains that hold the line, without this one."""
        mask = self.domains_in(entry, word)
        place = domain + states.FIRST_DOMAIN
        return mask & ~bits.bit(place & states.IN_WORD) if place >> states.WORD_SHIFT == word else mask

    def domain_at(self, word: int, mask: int) -> int:
        """The domain of the lowest bit of a word's mask."""
        return (word << states.WORD_SHIFT) + bits.lowest(mask) - states.FIRST_DOMAIN

    def admit(self, entry: int, domain: int, forwarder: int) -> int:
        """A domain holds the line from now on; `forwarder` (NOBODY: none) answers for shared copies."""
        place = domain + states.FIRST_DOMAIN
        self.rows[entry + (place >> states.WORD_SHIFT)] |= bits.bit(place & states.IN_WORD)
        return self.set_forwarder(entry, forwarder)

    def take(self, entry: int, domain: int) -> int:
        """A domain becomes the only holder and the owner."""
        for word in range(self.words):
            self.rows[entry + word] = 0
        self.admit(entry, domain, states.NOBODY)
        return self.set_owner(entry, domain)

    def leave(self, entry: int, domain: int) -> int:
        """A domain holds the line no longer."""
        place = domain + states.FIRST_DOMAIN
        self.rows[entry + (place >> states.WORD_SHIFT)] &= ~bits.bit(place & states.IN_WORD)
        if self.owner_of(entry) == domain:
            self.set_owner(entry, states.NOBODY)
        if self.forwarder_of(entry) == domain:
            self.set_forwarder(entry, states.NOBODY)
        return 0

"""Who may hold a line, below one L3: the snoop filters of all domains.

A row is [state of the L3's copy (0 absent, SHARED clean, MODIFIED dirty), masks of the domain's cores that hold the
line]. The filters are exact.

Not modelled: back-invalidation by a full snoop filter.
"""

from __future__ import annotations

from collections.abc import Sequence

from simslab.base import bits, buffers
from simslab.machine.memory import states
from simslab.machine.memory.line_table import LineTable


class SnoopFilters(LineTable):
    """One row a line and domain. `core_domain[c]` is the domain of core c; its bit is its position there.

    `pages`: room at the start.
    """

    def __init__(self, core_domain: Sequence[int], domains: int, pages: int = 64) -> None:
        filled = [0] * domains
        positions = []
        for domain in core_domain:
            positions.append(filled[domain])
            filled[domain] += 1
        if max(filled) > states.MOST_CORES:
            raise ValueError(f"{max(filled)} cores in an L3 domain, at most {states.MOST_CORES} can be told apart")
        self.words = (max(filled) + states.WORD_BITS - 1) // states.WORD_BITS
        super().__init__(domains, states.CORES + self.words, pages)
        self.room = self.words * states.WORD_BITS
        self.word_owner = buffers.int64_zeros(len(positions))
        self.core_word = buffers.int64_pointer(self.word_owner)  # of a row, that has the core's bit
        self.bit_owner = buffers.int64_zeros(len(positions))
        self.core_bit = buffers.int64_pointer(self.bit_owner)
        self.core_owner = buffers.int64_zeros(domains * self.room)
        self.domain_core = buffers.int64_pointer(self.core_owner)
        for core, position in enumerate(positions):
            self.core_word[core] = states.CORES + (position >> states.WORD_SHIFT)
            self.core_bit[core] = bits.bit(position & states.IN_WORD)
            self.domain_core[core_domain[core] * self.room + position] = core

    def add_core(self, row: int, core: int) -> int:
        """A core holds the line from now on."""
        self.rows[row + self.core_word[core]] |= self.core_bit[core]
        return 0

    def drop_core(self, row: int, core: int) -> int:
        """A core holds the line no longer."""
        self.rows[row + self.core_word[core]] &= ~self.core_bit[core]
        return 0

    def held(self, row: int) -> int:
        """Whether a core holds the line."""
        for word in range(states.CORES, self.width):
            if self.rows[row + word] != 0:
                return 1
        return 0

    def others_in(self, row: int, word: int, core: int) -> int:
        """One word (from CORES on) of the mask of cores that hold the line, without this one (NOBODY: with all)."""
        mask = self.rows[row + word]
        return mask & ~self.core_bit[core] if core >= 0 and self.core_word[core] == word else mask

    def another(self, domain: int, row: int, core: int) -> int:
        """The one other core that holds the line; NOBODY, or SEVERAL."""
        if self.words == 1:
            return self.another_in_word(domain, self.others_in(row, states.CORES, core))
        found = states.NOBODY
        for word in range(states.CORES, self.width):
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
        position = ((word - states.CORES) << states.WORD_SHIFT) + bits.lowest(mask)
        return self.domain_core[domain * self.room + position]

"""Who may hold a line, among L3 domains: the directory of the home agents.

A row is [owner + 1, forwarder + 1, masks of the domains that hold the line]. The owner has the only or the dirty copy
(state O); the forwarder answers for shared copies (state F). The directory is exact.

Not modelled: entries gone stale after silent evictions.
"""

from __future__ import annotations

from simslab.base import bits
from simslab.machine.memory import states
from simslab.machine.memory.line_table import LineTable


class Directory(LineTable):
    """One row a line of memory, for `domains` L3s; `pages`: room at the start."""

    def __init__(self, domains: int, pages: int = 64) -> None:
        if domains > states.MOST_DOMAINS:
            raise ValueError(f"{domains} L3 domains, at most {states.MOST_DOMAINS} can be told apart")
        self.domains = domains
        self.words = (domains + states.WORD_BITS - 1) // states.WORD_BITS
        super().__init__(1, states.DOMAINS + self.words, pages)

    def owner_of(self, row: int) -> int:
        """The owning domain, NOBODY without one."""
        return self.rows[row + states.OWNER] - 1

    def forwarder_of(self, row: int) -> int:
        """The forwarding domain, NOBODY without one."""
        return self.rows[row + states.FORWARDER] - 1

    def is_alone(self, row: int, domain: int) -> int:
        """Whether no domain but this one holds the line, and this one does."""
        return 0 if self.others(row, domain) else self.holds(row, domain)

    def holds(self, row: int, domain: int) -> int:
        """Whether a domain holds the line."""
        word = self.rows[row + states.DOMAINS + (domain >> states.WORD_SHIFT)]
        return 1 if word & bits.bit(domain & states.IN_WORD) else 0

    def others(self, row: int, domain: int) -> int:
        """Whether another domain than this one holds the line."""
        for word in range(self.words):
            if self.others_in(row, word, domain) != 0:
                return 1
        return 0

    def others_in(self, row: int, word: int, domain: int) -> int:
        """One word of the mask of domains that hold the line, without this one."""
        mask = self.rows[row + states.DOMAINS + word]
        return mask & ~bits.bit(domain & states.IN_WORD) if domain >> states.WORD_SHIFT == word else mask

    def admit(self, row: int, domain: int, forwarder: int) -> int:
        """A domain holds the line from now on; `forwarder` (NOBODY: none) answers for shared copies."""
        self.rows[row + states.DOMAINS + (domain >> states.WORD_SHIFT)] |= bits.bit(domain & states.IN_WORD)
        self.rows[row + states.FORWARDER] = forwarder + 1
        return 0

    def set_owner(self, row: int, domain: int) -> int:
        """Set the owner, NOBODY for none."""
        self.rows[row + states.OWNER] = domain + 1
        return 0

    def take(self, row: int, domain: int) -> int:
        """A domain becomes the only holder and the owner."""
        for word in range(self.words):
            self.rows[row + states.DOMAINS + word] = 0
        self.admit(row, domain, states.NOBODY)
        return self.set_owner(row, domain)

    def leave(self, row: int, domain: int) -> int:
        """A domain holds the line no longer."""
        self.rows[row + states.DOMAINS + (domain >> states.WORD_SHIFT)] &= ~bits.bit(domain & states.IN_WORD)
        if self.rows[row + states.OWNER] == domain + 1:
            self.rows[row + states.OWNER] = 0
        if self.rows[row + states.FORWARDER] == domain + 1:
            self.rows[row + states.FORWARDER] = 0
        return 0

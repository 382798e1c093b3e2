"""Boot parameters of SLUB, as one value (mm/slub.c: setup_slub_min_order and its neighbours, setup_slub_debug)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simslab.base.errors import BadValue
from simslab.kernel.layout import MAX_ORDER
from simslab.slub import flags as fl

PAGE_ALLOC_COSTLY_ORDER: Final = 3
DEBUG_LETTERS: Final = {
    "f": fl.SLAB_CONSISTENCY_CHECKS,
    "z": fl.SLAB_RED_ZONE,
    "p": fl.SLAB_POISON,
    "u": fl.SLAB_STORE_USER,
    "t": fl.SLAB_TRACE,
    "a": fl.SLAB_FAILSLAB,
    "o": 0,  # disable_higher_order_debug
}


@dataclass(frozen=True)
class SlubOptions:
    """What `slab_nomerge`, `slub_min_order=`, `slub_max_order=`, `slub_min_objects=` and `slub_debug=` decide.

    `slub_debug` is the text behind the equals sign: letters of F Z P U T A O, then optionally `,name,name*`; several
    blocks are separated by `;`. None means that the parameter was not given, an empty text all of F Z P U. O, in any
    block, holds for all caches.
    """

    slab_nomerge: bool = False
    debug_vm: bool = False
    memcg: bool = False  # CONFIG_MEMCG_KMEM
    slub_min_order: int = 0
    slub_max_order: int = PAGE_ALLOC_COSTLY_ORDER
    slub_min_objects: int = 0
    slub_debug: str | None = None
    no_slub_debug: bool = False  # CONFIG_SLUB_DEBUG off
    init_on_alloc: bool = False
    init_on_free: bool = False
    freelist_random: bool = False
    freelist_hardened: bool = False
    freelist_seed: int = 0  # of random sequences and numbers, which the kernel draws from its entropy
    cache_line_size: int = 64

    def __post_init__(self) -> None:
        for name in ("slub_min_order", "slub_max_order"):
            value = getattr(self, name)
            if not 0 <= value < MAX_ORDER:
                raise BadValue(f"{name} is {value}", expected=f"an order of 0 to {MAX_ORDER - 1}")
        if self.slub_min_objects < 0:
            raise BadValue(f"slub_min_objects is {self.slub_min_objects}", expected="a number of objects, 0 for none")
        for letters, _ in self.debug_blocks():
            for letter in letters.lower():
                if letter not in DEBUG_LETTERS and letter != "-":
                    raise BadValue(f"slub_debug option {letter!r}", expected="letters of F, Z, P, U, T, A, O")

    def debug_blocks(self) -> list[tuple[str, list[str]]]:
        """Return the blocks of `slub_debug` as (letters, names of caches)."""
        if self.slub_debug is None:
            return []
        blocks = [block.partition(",") for block in self.slub_debug.split(";") if block] or [("", "", "")]
        return [(letters, [name for name in names.split(",") if name]) for letters, _, names in blocks]

    def debug_enabled(self) -> bool:
        """Whether debug flags count at all (mm/slub.c: slub_debug_enabled)."""
        blocks = self.debug_blocks()
        everywhere = [debug_bits(letters) for letters, names in blocks if not names]
        return any(everywhere[-1:]) or any(names for _, names in blocks)

    def disable_higher_order_debug(self) -> bool:
        """Whether metadata that would need larger slabs is left out (mm/slub.c: disable_higher_order_debug)."""
        return any("o" in letters.lower() for letters, _ in self.debug_blocks())

    def kmem_cache_flags(self, flags: int, name: str) -> int:
        """Return `flags` with what `slub_debug` adds for a cache called `name` (mm/slub.c: kmem_cache_flags)."""
        everywhere = 0
        for letters, names in self.debug_blocks():
            bits = debug_bits(letters)
            if not names:
                everywhere = bits
            elif any(matches(name, pattern) for pattern in names):
                return flags | bits
        return flags | everywhere


def debug_bits(letters: str) -> int:
    """Return the flags of debug letters; none given means the default set (mm/slub.c: parse_slub_debug_flags)."""
    if not letters:
        return fl.DEBUG_DEFAULT_FLAGS
    bits = 0
    for letter in letters.lower():
        bits = 0 if letter == "-" else bits | DEBUG_LETTERS[letter]
    return bits


def matches(name: str, pattern: str) -> bool:
    """Whether a cache's name is `pattern`, or begins with what stands before its asterisk."""
    stem, star, _ = pattern.partition("*")
    return name.startswith(stem) if star else name == pattern

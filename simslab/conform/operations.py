"""Operations of recorded traces: the codes and bounds of what they are given, the same for both allocators."""

from __future__ import annotations

from typing import Final

from simslab.conform.records import Record
from simslab.kernel.mm import gfp

GFP_CODES: Final = {
    "K": gfp.GFP_KERNEL,
    "A": gfp.GFP_ATOMIC,
    "W": gfp.GFP_NOWAIT,
    "KT": gfp.GFP_KERNEL | gfp.THISNODE,
    "KZ": gfp.GFP_KERNEL | gfp.ZERO,
}
MOST_OBJECTS: Final = 1 << 16  # of a bulk operation
MOST_TUNED: Final = 1 << 16  # of an attribute; those recorded end at 120
MOST_MASK: Final = (1 << 16) - 1  # of nodes that give no pages


def gfp_of(line: Record) -> int:
    """Return the flags of an allocation."""
    code = line["gfp"]
    if not isinstance(code, str) or code not in GFP_CODES:
        line.refuse("gfp", "one of " + ", ".join(GFP_CODES))
    return GFP_CODES[code]


def raise_if_interrupt(error: Exception) -> None:
    """Let errors of the checker itself through; those of the simulated kernel are differences."""
    if isinstance(error, (AttributeError, TypeError, NameError, ImportError)):
        raise error

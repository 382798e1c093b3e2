"""GFP flags as kernels from 4.4 to 6.18 (and older distribution kernels) print them in kmem events, as bits of 5.10.

Sources: include/trace/events/gfpflags.h (before 4.6, names without `__`), mmflags.h (since), include/linux/gfp.h.

| printed | by kernels | here |
|---|---|---|
| `GFP_ZERO`, `GFP_NOWARN`, `GFP_COMP`, ... | before 4.6 | the flag with `__` |
| `GFP_NOWAIT` for no flag at all | before 4.6 | GFP_NOWAIT: kswapd is woken unless `GFP_NO_KSWAPD` is there |
| `GFP_WAIT`, `__GFP_WAIT` | before 4.4 | `__GFP_RECLAIM` |
| `GFP_TEMPORARY` | before 4.14 | GFP_KERNEL with `__GFP_RECLAIMABLE` |
| `GFP_REPEAT`, `__GFP_REPEAT` | before 4.13 | `__GFP_RETRY_MAYFAIL`, its successor |
| `__GFP_COLD`, `__GFP_NOTRACK`, `__GFP_OTHER_NODE`, `__GFP_NOACCOUNT` | before 4.15 | no bits: 5.10 has no such flag |
| `__GFP_NOLOCKDEP`, `__GFP_ZEROTAGS`, `__GFP_SKIP_*`, `__GFP_NO_OBJ_EXT` | since 4.12, 5.14, 5.18, 6.10 | no bits |
| `GFP_NOWAIT` with `__GFP_NOWARN` in it | since 6.7 | GFP_NOWAIT of 5.10: the one that fails may warn |
| `none` | since 4.6 | no bits |
| `0x...` alone or after names; a decimal one alone (raw fields) | since 5.0 | bits of 5.10; others are told |
| the same, of other bits | before 5.0 | no GFP flags, where that shows |
"""

from __future__ import annotations

import re
from typing import Final

from simslab.kernel.mm import gfp

_NO_BITS: Final = (
    "COLD", "NOTRACK", "OTHER_NODE", "NOACCOUNT", "NOLOCKDEP", "ZEROTAGS", "SKIP_ZERO", "SKIP_KASAN",
    "SKIP_KASAN_POISON", "SKIP_KASAN_UNPOISON", "NO_OBJ_EXT", "NO_KSWAPD", "KMEMCG", "CMA",
)  # fmt: skip
_SINGLE: Final = {
    "DMA": gfp.DMA,
    "HIGHMEM": gfp.HIGHMEM,
    "DMA32": gfp.DMA32,
    "MOVABLE": gfp.MOVABLE,
    "RECLAIMABLE": gfp.RECLAIMABLE,
    "HIGH": gfp.HIGH,
    "IO": gfp.IO,
    "FS": gfp.FS,
    "ZERO": gfp.ZERO,
    "ATOMIC": gfp.ATOMIC,
    "DIRECT_RECLAIM": gfp.DIRECT_RECLAIM,
    "KSWAPD_RECLAIM": gfp.KSWAPD_RECLAIM,
    "RECLAIM": gfp.RECLAIM,
    "WAIT": gfp.RECLAIM,
    "WRITE": gfp.WRITE,
    "NOWARN": gfp.NOWARN,
    "RETRY_MAYFAIL": gfp.RETRY_MAYFAIL,
    "REPEAT": gfp.RETRY_MAYFAIL,
    "NOFAIL": gfp.NOFAIL,
    "NORETRY": gfp.NORETRY,
    "MEMALLOC": gfp.MEMALLOC,
    "COMP": gfp.COMP,
    "NOMEMALLOC": gfp.NOMEMALLOC,
    "HARDWALL": gfp.HARDWALL,
    "THISNODE": gfp.THISNODE,
    "ACCOUNT": gfp.ACCOUNT,
    **dict.fromkeys(_NO_BITS, 0),
}
# Names of several flags come last: GFP_ATOMIC and GFP_DMA are composites under both their spellings.
_NAMES: Final = {
    **{f"GFP_{name}": bits for name, bits in _SINGLE.items()},
    **{f"__GFP_{name}": bits for name, bits in _SINGLE.items()},
    **dict(gfp.FLAG_NAMES),
    "GFP_TEMPORARY": gfp.GFP_KERNEL | gfp.RECLAIMABLE,
    "none": 0,
}
_FUTURE_FLAG: Final = re.compile(r"__GFP_[A-Z][A-Z0-9_]*")
_NUMBER: Final = re.compile(r"0x[0-9a-f]{1,8}")
_RAW_NUMBER: Final = re.compile(r"(0x[0-9a-f]{1,8}|[0-9]{1,10})(?: \(-?[0-9]+\))?")


def recorded_gfp(text: str) -> tuple[int, tuple[str, ...]] | None:
    """Return the bits of 5.10 and the parts that are unknown flags; None if the text is no GFP flags.

    Only a single flag (`__GFP_...`) or single bits may be unknown; without them the request stays what it is. An
    unknown composite (`GFP_...`) says nothing about how the request may wait, so it is no GFP flags.
    """
    if raw := _RAW_NUMBER.fullmatch(text):
        number = int(raw[1], 16 if raw[1].startswith("0x") else 10)
        return None if _of_older_layout(number) else _known_bits(number)
    bits = 0
    unknown: list[str] = []
    parts = text.split("|")
    for part in parts:
        if part in _NAMES:
            bits |= _NAMES[part]
        elif _NUMBER.fullmatch(part):
            known, rest = _known_bits(int(part, 16)) or (0, ())
            bits |= known
            unknown += rest
        elif _FUTURE_FLAG.fullmatch(part):
            unknown.append(part)
        else:
            return None
    if "GFP_NO_KSWAPD" in parts or "__GFP_NO_KSWAPD" in parts:
        bits &= ~gfp.KSWAPD_RECLAIM
    return bits, tuple(unknown)


def known_flags() -> frozenset[str]:
    """Return every name that kernels print."""
    return frozenset(_NAMES)


def _of_older_layout(number: int) -> bool:
    """Whether a number is of a kernel before 5.0, where the flags have other bits: I/O but no reclaim, in 5.10's."""
    return number & (gfp.IO | gfp.FS) == gfp.IO | gfp.FS and not number & gfp.RECLAIM


def _known_bits(number: int) -> tuple[int, tuple[str, ...]] | None:
    """Return the bits of 5.10 in a number and, as text, those that 5.10 has not got; None if gfp_t cannot hold it."""
    if number >> 32:
        return None
    rest = number & ~gfp.BITS_MASK
    return number & gfp.BITS_MASK, ((hex(rest),) if rest else ())

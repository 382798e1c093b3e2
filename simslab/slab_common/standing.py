"""The caches that an idle 5.10 kernel has after boot, beyond those that the allocator makes for itself."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

from simslab.slab_common.flags import Names, parse_flags


@dataclass(frozen=True)
class StandingCache:
    """One such cache, with its aliases already counted.

    `object_size` is that of the request that made it, `raised_size` what aliases made of it (0: nothing recorded).
    """

    name: str
    phase: str  # `early` before kmem_cache_init_late, `up` until SMP bring-up, `smp` after it; empty: not recorded
    object_size: int
    raised_size: int
    align: int
    flags: int
    ctor: int
    useroffset: int
    usersize: int
    refcount: int


def read_standing_caches(package: str, name: str, own_flags: Names = ()) -> list[StandingCache]:
    """Return the table `name` of `package`, in order of creation; `own_flags` as in parse_flags."""
    text = resources.files(package).joinpath(name).read_text(encoding="ascii")
    return [
        StandingCache(
            row["name"],
            row.get("phase", ""),
            int(row["object_size"]),
            int(row.get("raised_size", 0)),
            int(row["align"]),
            parse_flags(row["flags"], own_flags),
            int(row["ctor"]),
            int(row.get("useroffset", 0)),
            int(row["usersize"]),
            int(row["refcount"]),
        )
        for row in csv.DictReader(text.splitlines())
    ]

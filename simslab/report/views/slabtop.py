"""`slabtop -o`: the caches by number of objects, from /proc/slabinfo's text (procps src/slabtop.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PAGE_SIZE: Final = 4096


@dataclass(frozen=True)
class SlabinfoRow:
    """What slabtop reads of one line of /proc/slabinfo, format 2.1."""

    name: str
    active_objs: int
    num_objs: int
    objsize: int
    objperslab: int
    pagesperslab: int
    active_slabs: int
    num_slabs: int

    @property
    def use(self) -> int:
        """Percent of the objects that are active, rounded down."""
        return 100 * self.active_objs // self.num_objs if self.num_objs else 0


def read_slabinfo(text: str) -> list[SlabinfoRow]:
    """Return the rows of /proc/slabinfo's text."""
    rows = []
    for line in text.splitlines()[2:]:
        head, _, rest = line.partition(" : tunables")
        name, active, total, size, per_slab, pages = head.rsplit(maxsplit=5)
        slabs = rest.partition(" : slabdata")[2].split()
        objects = (int(active), int(total), int(size))
        rows.append(SlabinfoRow(name.strip(), *objects, int(per_slab), int(pages), int(slabs[0]), int(slabs[1])))
    return rows


def slabtop_text(slabinfo: str) -> str:
    """Return what `slabtop -o` prints of that /proc/slabinfo, all caches, most objects first."""
    rows = read_slabinfo(slabinfo)
    objects, active = sum(row.num_objs for row in rows), sum(row.active_objs for row in rows)
    slabs, active_slabs = sum(row.num_slabs for row in rows), sum(row.active_slabs for row in rows)
    size = sum(row.num_objs * row.objsize for row in rows)
    active_size = sum(row.active_objs * row.objsize for row in rows)
    caches = sum(1 for row in rows if row.num_objs)
    sizes = [row.objsize for row in rows] or [0]
    average = size / objects if objects else 0.0
    lines = [
        _head("Objects", f"{active} / {objects}", active, objects),
        _head("Slabs", f"{active_slabs} / {slabs}", active_slabs, slabs),
        _head("Caches", f"{caches} / {len(rows)}", caches, len(rows)),
        _head("Size", f"{active_size / 1024:.2f}K / {size / 1024:.2f}K", active_size, size),
        f" {'Minimum / Average / Maximum Object':<35}: "
        f"{min(sizes) / 1024:.2f}K / {average / 1024:.2f}K / {max(sizes) / 1024:.2f}K",
        "",
        f"{'OBJS':>6} {'ACTIVE':>6} {'USE':>4} {'OBJ SIZE':>8} {'SLABS':>6} {'OBJ/SLAB':>8} {'CACHE SIZE':>10} "
        f"{'NAME':<23}",
    ]
    for row in sorted(rows, key=lambda row: -row.num_objs):
        held = row.num_slabs * row.pagesperslab * PAGE_SIZE // 1024
        lines.append(
            f"{row.num_objs:6d} {row.active_objs:6d} {row.use:3d}% {row.objsize / 1024:7.2f}K {row.num_slabs:6d} "
            f"{row.objperslab:8d} {held:9d}K {row.name:<23}"
        )
    return "\n".join(lines) + "\n"


def _head(what: str, figures: str, part: int, total: int) -> str:
    share = 100 * part / total if total else 0.0
    return f" {f'Active / Total {what} (% used)':<35}: {figures} ({share:.1f}%)"

"""Translation in cycles, for pages of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.machine.timing.integers import integers

if TYPE_CHECKING:
    from simslab.machine.description.tlb import TlbArraySpec
    from simslab.machine.description.whole import MachineDescription

PAGE_SHIFTS: Final = {"4K": 12, "2M": 21, "1G": 30}


@dataclass(frozen=True, slots=True)
class TlbTiming:
    """Translation for the kernel's direct map; `l1` and `l2` are (entries, ways), `l2` None for a size it lacks."""

    page_shift: int
    l1: tuple[int, int]
    l2: tuple[int, int] | None
    l2_hit: int  # cycles
    walk: int  # cycles
    references: int


def tlb_timing(spec: MachineDescription, page: str) -> TlbTiming | None:
    """Return what pages of size `page` ('4K', '2M', '1G') cost; None if the machine has no such entries."""
    if spec.tlb is None:
        return None
    field, costs = f"page_{page.lower()}", integers(spec.tlb, spec.core.frequency)
    first = _array(getattr(spec.tlb.l1, field))
    if first is None:
        return None
    references = getattr(spec.tlb.references, field)
    second = _array(getattr(spec.tlb.l2, field))
    return TlbTiming(PAGE_SHIFTS[page], first, second, costs.l2_hit, costs.walk, references)


def _array(array: TlbArraySpec | None) -> tuple[int, int] | None:
    return None if array is None else (array.entries, array.ways or array.entries)

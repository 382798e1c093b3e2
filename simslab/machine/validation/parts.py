"""Whether each part of a machine is possible by itself: its clock, times, caches, TLBs, memory, bandwidths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from simslab.base.errors import BadValue
from simslab.base.units import Bandwidth, Duration
from simslab.machine.description.catalogue import all_stated
from simslab.machine.validation.limits import (
    LEAST,
    LINE_BYTES,
    MAX_CACHE,
    MAX_HZ,
    MAX_NS,
    MIN_BANDWIDTH,
    MIN_HZ,
    PAGE_BYTES,
)

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription

Faults = list[BadValue]


def part_faults(spec: MachineDescription) -> Faults:
    """Return what is wrong with single parts."""
    checks = (_caches, _tlb, _memory, _bandwidths)
    bad_clock = _clock(spec)  # with which every time in cycles would be too long, or too short to be seen
    times = bad_clock or _durations(spec)
    return times + [fault for check in checks for fault in check(spec)]


def _clock(spec: MachineDescription) -> Faults:
    if MIN_HZ <= spec.core.frequency <= MAX_HZ:
        return []
    expected = f"{MIN_HZ // 10**6} MHz to {MAX_HZ // 10**9} GHz"
    return [BadValue(f"a core clock of {spec.core.frequency} Hz", expected=expected, at=("core", "frequency"))]


def _durations(spec: MachineDescription) -> Faults:
    """No part of an access takes longer than MAX_NS: longer ones are slips of a unit, and their sums could overflow."""
    hz = spec.core.frequency
    return [
        BadValue(f"{duration} is too long", expected=f"at most {MAX_NS // 1000} us", at=at)
        for at, duration in _find_durations(spec, ())
        if duration.nanoseconds(hz) > MAX_NS
    ]


def _find_durations(part: object, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Duration]]:
    if isinstance(part, Duration):
        yield at, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _find_durations(getattr(part, name), (*at, name))
    elif isinstance(part, list | tuple):
        for index, member in enumerate(part):
            yield from _find_durations(member, (*at, index))


def _caches(spec: MachineDescription) -> Faults:
    faults: Faults = []
    for level, cache in (("l1d", spec.l1d), ("l2", spec.l2), ("l3", spec.l3)):
        set_bytes = cache.ways * LINE_BYTES
        if cache.size == 0 or cache.size % set_bytes:
            message = f"{cache.ways} ways of {LINE_BYTES}-byte lines do not divide {cache.size} bytes"
            expected = f"a size that is a multiple of {set_bytes} bytes"
            faults.append(BadValue(message, expected=expected, at=(level, "size")))
        elif cache.size > MAX_CACHE:
            expected = f"at most {MAX_CACHE >> 20} MiB"
            faults.append(BadValue(f"{cache.size} bytes of cache", expected=expected, at=(level, "size")))
        elif level == "l1d" and (cache.size // set_bytes).bit_count() != 1:
            # Speed: the innermost path finds a set with a mask; the other levels divide.
            message = f"{cache.size // set_bytes} sets of {cache.ways} lines in the L1"
            expected = f"a power of two of sets: {set_bytes} bytes times 1, 2, 4, 8 and so on"
            faults.append(BadValue(message, expected=expected, at=(level, "size")))
    return faults


def _tlb(spec: MachineDescription) -> Faults:
    """Entries divide by ways, and the first level has some for the kernel's pages."""
    if spec.tlb is None:
        return []
    faults: Faults = []
    for level, sizes in (("l1", spec.tlb.l1), ("l2", spec.tlb.l2)):
        for size in type(sizes).model_fields:
            array = getattr(sizes, size)
            if array is not None and array.entries % (array.ways or array.entries):
                expected = f"a multiple of {array.ways}"
                message = f"{array.ways} ways do not divide {array.entries} entries"
                faults.append(BadValue(message, expected=expected, at=("tlb", level, size, "entries")))
    if getattr(spec.tlb.l1, f"page_{spec.tlb.direct_map.lower()}") is None:
        message = f"the first level has no entries for pages of {spec.tlb.direct_map}"
        faults.append(BadValue(message, expected="a page size of tlb.l1", at=("tlb", "direct_map")))
    return faults


def _memory(spec: MachineDescription) -> Faults:
    faults: Faults = []
    for index, node in enumerate(spec.nodes):
        if node.memory % PAGE_BYTES:
            expected = f"a multiple of {PAGE_BYTES} bytes"
            faults.append(BadValue(f"{node.memory} bytes of memory", expected=expected, at=("nodes", index, "memory")))
    if not any(node.memory for node in spec.nodes):
        faults.append(BadValue("no node has memory", expected="memory on at least one node", at=("nodes",)))
    return faults


def _bandwidths(spec: MachineDescription) -> Faults:
    """No part is slower than MIN_BANDWIDTH: a unit was forgotten, and queues of years would build up."""
    return [
        BadValue("zero bandwidth" if value == 0 else f"a bandwidth of {value} bytes/s", expected=LEAST, at=stated.at)
        for stated in all_stated(spec)
        if stated.declared.is_a(Bandwidth) and (value := stated.value) is not None and value < MIN_BANDWIDTH
    ]

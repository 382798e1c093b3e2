"""Per-CPU memory: one area per CPU, on its own node, with the same layout in all (mm/percpu.c).

Not modelled: chunks beyond the first, populated page by page; an area is large enough or the allocation fails.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.printk import KernelLog
from simslab.machine.core.cpu import Cpu

DEFAULT_UNIT: Final = 1 << 20  # bytes of each CPU's area
MIN_ALIGN: Final = 8
MIN_UNIT_SIZE: Final = 32 << 10  # PCPU_MIN_UNIT_SIZE, the most that one allocation may be
WARN_LIMIT: Final = 10


class PerCpu:
    """All per-CPU areas. `bases[cpu]` is the simulated address of a CPU's area of `unit` bytes.

    The kernel's own variables come first, at the offsets of `layout.PERCPU_*`. Failures are told to `log`.
    """

    def __init__(self, bases: list[int], unit: int = DEFAULT_UNIT, log: KernelLog | None = None) -> None:
        self.bases = bases
        self.unit = unit
        self.log = log
        self.warn_limit = WARN_LIMIT
        self.free = [(layout.PERCPU_STATIC_BYTES, unit - layout.PERCPU_STATIC_BYTES)]  # (offset, bytes), ascending
        self.sizes: dict[int, int] = {}

    def alloc_percpu(self, size: int, align: int = MIN_ALIGN, cpu: Cpu | None = None) -> int:
        """Return the offset of `size` bytes in every CPU's area, lowest that fits, or -1 (__alloc_percpu).

        5.10 refuses what is larger than 32 KiB however much is free: no array of SLAB's has a limit above 4,094.
        `cpu` is the one that asks, which tells of a failure; without, in boot, nobody does.
        """
        size = -(-max(size, 1) // MIN_ALIGN) * MIN_ALIGN
        align = max(align, MIN_ALIGN)
        if size > MIN_UNIT_SIZE:
            self.warn_of_size(cpu, size, align)
            return -1
        for i, (start, length) in enumerate(self.free):
            offset = -(-start // align) * align
            if offset + size <= start + length:
                self._cut(i, offset, size)
                self.sizes[offset] = size
                return offset
        self.warn_of_failure(cpu, size, align)
        return -1

    def warn_of_size(self, cpu: Cpu | None, size: int, align: int) -> None:
        """Tell of a request that no area could serve (pcpu_alloc)."""
        if self.log is not None and cpu is not None:
            self.log.pr_warn(cpu, f"illegal size ({size}) or align ({align}) for percpu allocation")
            self.log.warn_on(cpu, "mm/percpu.c pcpu_alloc")  # WARN tells its own words first

    def warn_of_failure(self, cpu: Cpu | None, size: int, align: int) -> None:
        """Tell of one that has found no room, ten times at most (pcpu_alloc)."""
        if self.log is None or cpu is None or not self.warn_limit:
            return
        why = "failed to allocate new chunk"
        self.log.pr_warn(cpu, f"percpu: allocation failed, size={size} align={align} atomic=0, {why}")
        self.log.dump_stack(cpu)
        self.warn_limit -= 1
        if not self.warn_limit:
            self.log.pr_warn(cpu, "percpu: limit reached, disable warning")

    def free_percpu(self, offset: int) -> None:
        """Give back what `alloc_percpu` returned (free_percpu)."""
        if offset not in self.sizes:
            raise KernelBugError(f"free_percpu of offset {offset}, which is not allocated")
        self.free.append((offset, self.sizes.pop(offset)))
        self.free.sort()
        merged: list[tuple[int, int]] = []
        for start, length in self.free:
            if merged and merged[-1][0] + merged[-1][1] == start:
                start, length = merged[-1][0], merged.pop()[1] + length
            merged.append((start, length))
        self.free = merged

    def address(self, cpu: int, offset: int) -> int:
        """Simulated address of `offset` in the area of CPU number `cpu` (per_cpu_ptr)."""
        return self.bases[cpu] + offset

    def addresses(self, offset: int) -> list[int]:
        """Simulated addresses of `offset` in the areas of all CPUs."""
        return [base + offset for base in self.bases]

    def used(self) -> int:
        """Bytes allocated in each area, without the kernel's own variables."""
        return sum(self.sizes.values())

    def _cut(self, i: int, offset: int, size: int) -> None:
        start, length = self.free[i]
        parts = [(start, offset - start), (offset + size, start + length - offset - size)]
        self.free[i : i + 1] = [part for part in parts if part[1] > 0]

"""What `simslab tune` turns with each allocator: names, the points of a grid, and the lines that apply a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from simslab.base.errors import UserError
from simslab.slub.creation.geometry import MAX_PARTIAL, MIN_PARTIAL

Numbers: TypeAlias = tuple[int, ...]  # one for each of an allocator's tunables, in order
ORDER: Final = "order"
TUNABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "slab": ("limit", "batchcount", "shared"),
    "slub": ("cpu_partial", "min_partial", "remote_node_defrag_ratio", ORDER),
}
FACTORS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {  # what is searched when nothing is asked for
    "slab": {"limit": ("x0.25", "x0.5", "x1", "x2", "x4")},
    "slub": {"cpu_partial": ("0", "x0.5", "x1", "x2", "x4")},
}
SPANS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {  # within which proposals are made, likewise
    "slab": {"limit": ("x0.25:x4",), "batchcount": ("x0.25:x4",), "shared": ("0:x2",)},
    "slub": {"cpu_partial": ("0:x4",), "min_partial": (f"{MIN_PARTIAL}:{MAX_PARTIAL}",)},
}
LEAST: Final[Mapping[str, int]] = {"limit": 1, "batchcount": 1}  # the others: 0
SYSFS: Final = "/sys/kernel/slab"


@dataclass(frozen=True)
class Knobs:
    """The tunables of one cache: its name in the kernel (another's, where it was merged) and the kernel's own choice.

    `own` has SLUB's order of slabs last. It is no attribute that 5.10 lets one write: boot parameters set it, for all
    caches, so a point with another order has both `slub_min_order` and `slub_max_order`.
    """

    allocator: str
    cache: str
    own: Numbers

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tunables."""
        return TUNABLES[self.allocator]

    def check(self, grid: Mapping[str, Sequence[str]]) -> None:
        """UserError for a tunable of the other allocator."""
        for name in grid:
            if name not in self.names:
                told = f"'{name}' is not a tunable of {self.allocator.upper()}, on which the workload runs"
                raise UserError(told, file=option(name), expected=", ".join(option(own) for own in self.names))

    def point(self, called: str, numbers: Numbers) -> dict[str, str]:
        """Return the settings of a point; `called` is the workload's name of the cache."""
        given = dict(zip(self.names, numbers, strict=True))
        order = given.pop(ORDER, None)
        point = {f"tunables.{called}.{name}": str(value) for name, value in given.items()}
        if order is not None and order != self.own[-1]:
            point |= self.boot(order)
        return point

    def boot(self, order: int) -> dict[str, str]:
        """Return the settings that boot SLUB with slabs of one order."""
        return {f"workload.kernel.{name}": str(order) for name in ("slub_min_order", "slub_max_order")}

    def lines(self, numbers: Numbers) -> str:
        """Return the lines for a shell that apply numbers to the cache of a running kernel."""
        if self.allocator == "slab":
            return f'echo "{self.cache} {" ".join(str(number) for number in numbers)}" > /proc/slabinfo'
        given = dict(zip(self.names, numbers, strict=True))
        order = given.pop(ORDER)
        lines = [f"echo {value} > {SYSFS}/{self.cache}/{name}" for name, value in given.items()]
        if order != self.own[-1]:
            lines.append(f"# kernel command line, for all caches: slub_min_order={order} slub_max_order={order}")
        return "\n".join(lines)


def option(name: str) -> str:
    """Return the option of the command line that gives values of a tunable."""
    return "--" + name.replace("_", "-")

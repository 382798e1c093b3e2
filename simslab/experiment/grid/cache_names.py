"""Names of caches in tunables, looked for in a kernel before the runs of a sweep rather than by each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue, SimslabError, UserErrors
from simslab.experiment.inputs import Inputs
from simslab.machine.machine import DEFAULT_QUANTUM
from simslab.workload.run.system import System, boot_system, create_caches, named_cache


@dataclass
class CacheNames:
    """Boots a kernel for each set of names that is asked about: points differ in numbers more often than in names."""

    found: set[str] = field(default_factory=set)

    def check(self, inputs: Inputs) -> None:
        """UserErrors, at their places, for tunables of caches that neither the workload nor the kernel has.

        Not looked for where a trace is replayed, whose own caches are made by the run.
        """
        workload, document = inputs.workload, inputs.workload_document
        wanted = [name for name in workload.tunables if name not in workload.caches]
        asked = f"{workload.kernel!r} {list(workload.caches)} {wanted}"
        if not wanted or inputs.traces or asked in self.found:
            return
        try:
            system = boot_system(inputs.machine, workload.kernel, DEFAULT_QUANTUM)
            made = create_caches(system, workload.caches)
        except (BadValue, SimslabError):
            return  # a kernel that does not come up on one of the machines is told by its runs
        problems = [
            document.problem(fault.message, ("tunables", name), expected=fault.expected, near=fault.near)
            for name, fault in _missing(system, wanted, made).items()
        ]
        if problems:
            raise UserErrors(problems)
        self.found.add(asked)


def _missing(system: System, wanted: list[str], made: dict[str, Cache]) -> dict[str, BadValue]:
    """Return what is wrong with names, of those that are no cache's."""
    faults: dict[str, BadValue] = {}
    for name in wanted:
        try:
            named_cache(system, name, made)
        except BadValue as fault:
            faults[name] = fault
    return faults

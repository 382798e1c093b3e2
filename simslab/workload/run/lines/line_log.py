"""Where each access found its cache line, by line: for the view that perf c2c has of a run.

Told by `CoherentMemory.transact` of what its caches do not answer from an L1, and by the CPUs of what they do. An
update of a line that the core has modified counts as a store alone. Not modelled: modified lines that only another
package's L3 still holds count as hits there, not as HITM.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simslab.machine.accounting import causes
from simslab.machine.memory import states
from simslab.workload.run.lines import structures
from simslab.workload.run.lines.structures import Region

if TYPE_CHECKING:
    from simslab.workload.run.meeting import Meeting
    from simslab.workload.run.system import System


@dataclass
class LineCounts:
    """What happened to one line: all accesses, and loads by source; of stores, how many an L1 that owned it took."""

    loads: int = 0
    stores: int = 0
    l1_stores: int = 0
    l1: int = 0
    l2: int = 0
    llc: int = 0
    local_hitm: int = 0
    remote_hitm: int = 0
    remote_hit: int = 0
    local_dram: int = 0
    remote_dram: int = 0
    nodes: set[int] = field(default_factory=set)

    @property
    def hitm(self) -> int:
        """Loads of a line that another core had modified."""
        return self.local_hitm + self.remote_hitm


class LineLog:
    """Counts by line, and what lies where at the end of the run."""

    def __init__(self) -> None:
        self.lines: dict[int, LineCounts] = {}
        self.regions: list[Region] = []
        self._region_start = 0
        self._dirty = 0

    def attach(self, system: System, meeting: Meeting) -> None:
        """Be told of every line from now on."""
        self._system, self._meeting = system, meeting
        self._memory = system.machine.memory
        self._cores = len(system.machine.topology.cores)
        self._node = [core.node for core in system.machine.topology.cores]
        self._memory.witness = self
        for cpu in system.machine.cpus:
            cpu.watched = 1

    def close(self) -> None:
        """Remember what lies where; nothing is told any longer."""
        for cpu in self._system.machine.cpus:
            cpu.watched = 0
        self.regions = structures.regions_of(self._system)

    def fetching(self, core: int, line: int) -> None:
        """A line is asked for: see whether another core has modified it."""
        self._look_for_region()
        state = self._memory.state_in_core
        self._dirty = any(state(other, line) == states.MODIFIED for other in range(self._cores) if other != core)

    def fetched(self, core: int, line: int, write: int, cause: int) -> None:
        """The line has come, from where `cause` says."""
        counts = self._counts(core, line)
        if write:
            counts.stores += 1
            return
        counts.loads += 1
        if cause == causes.L2:
            counts.l2 += 1
        elif cause in (causes.L3, causes.OTHER_CORE):
            counts.local_hitm += self._dirty and cause == causes.OTHER_CORE
            counts.llc += not (self._dirty and cause == causes.OTHER_CORE)
        elif cause == causes.REMOTE_CACHE:
            counts.remote_hitm += self._dirty
            counts.remote_hit += not self._dirty
        elif cause == causes.LOCAL_DRAM:
            counts.local_dram += 1
        else:
            counts.remote_dram += 1

    def hit(self, core: int, line: int, write: int) -> None:
        """A core's own L1 has answered."""
        self._look_for_region()
        counts = self._counts(core, line)
        if write:
            counts.stores += 1
            counts.l1_stores += 1
        else:
            counts.loads += 1
            counts.l1 += 1

    def _look_for_region(self) -> None:
        """Forget warm-up once it is over."""
        if self._meeting.region_start != self._region_start:
            self._region_start = self._meeting.region_start
            self.lines.clear()

    def _counts(self, core: int, line: int) -> LineCounts:
        counts = self.lines.get(line)
        if counts is None:
            counts = self.lines[line] = LineCounts()
        counts.nodes.add(self._node[core])
        return counts

    def name(self, line: int) -> str:
        """Return what lies in a line: structures with their fields and the cache that they are of."""
        return structures.told(self.regions, line << states.LINE_SHIFT, (line + 1) << states.LINE_SHIFT)

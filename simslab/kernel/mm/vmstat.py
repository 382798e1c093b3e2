"""Counters of the page allocator, kept per CPU and charged where the kernel keeps them (mm/vmstat.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.mm import zone as zone_module
from simslab.kernel.mm.zone import Zone
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.kernel.mm.percpu import PerCpu

NUMA_HIT: Final = zone_module.NUMA_HIT
NUMA_MISS: Final = zone_module.NUMA_MISS
NUMA_FOREIGN: Final = zone_module.NUMA_FOREIGN
NUMA_LOCAL: Final = zone_module.NUMA_LOCAL
NUMA_OTHER: Final = zone_module.NUMA_OTHER

# golden/instruction_counts.csv
NUMA_STATE_INSNS: Final = 9  # __inc_numa_state
ZONE_STATE_INSNS: Final = 17  # __mod_zone_page_state


class VmStat:
    """Updates counters; the values a report needs are in `Zone.numa_stat`.

    Not modelled: folding the per-CPU parts into the global counters when they exceed their threshold, and each CPU's
    work once in a second (vmstat_update), which also gives back the pages of other nodes that its lists have kept for
    three seconds in which no counter of their zone has changed (drain_zone_pages); the counters of
    nodes (mod_node_page_state), of which an allocator's page requests charge the instructions alone.
    """

    def __init__(self, percpu: PerCpu) -> None:
        self.percpu_owner = buffers.int64_zeros(len(percpu.bases))
        self.percpu_base = buffers.int64_pointer(self.percpu_owner)
        for cpu, base in enumerate(percpu.bases):
            self.percpu_owner[cpu] = base

    def zone_statistics(self, cpu: Cpu, preferred: Zone, zone: Zone) -> int:
        """numastat: did the request get the node it wanted, and was that the CPU's own?"""
        cpu.read(zone.addr + layout.ZONE_NODE)
        cpu.read(self.percpu_base[cpu.id] + layout.PERCPU_NUMA_NODE)
        if zone.node == preferred.node:
            self.inc_numa_state(cpu, zone, NUMA_HIT)
        else:
            self.inc_numa_state(cpu, zone, NUMA_MISS)
            self.inc_numa_state(cpu, preferred, NUMA_FOREIGN)
        return self.inc_numa_state(cpu, zone, NUMA_LOCAL if zone.node == cpu.node else NUMA_OTHER)

    def inc_numa_state(self, cpu: Cpu, zone: Zone, item: int) -> int:
        """Count in this CPU's part of the zone's counters (__inc_numa_state)."""
        cpu.insn_cold(NUMA_STATE_INSNS)
        cpu.read(zone.addr + layout.ZONE_PAGESET)
        pcp = zone.pageset[cpu.id]
        cpu.write(pcp.addr + layout.PCP_NUMA_STAT_DIFF)
        zone.numa_stat[item] += 1
        return 0

    def count_vm_events(self, cpu: Cpu) -> int:
        """Count pages allocated or freed in this CPU's events."""
        cpu.write(self.percpu_base[cpu.id] + layout.PERCPU_VM_EVENT_STATES)
        return 0

    def mod_zone_page_state(self, cpu: Cpu, zone: Zone) -> int:
        """Charge an update of NR_FREE_PAGES in this CPU's part (__mod_zone_page_state)."""
        cpu.insn_cold(ZONE_STATE_INSNS)
        cpu.read(zone.addr + layout.ZONE_PAGESET)
        pcp = zone.pageset[cpu.id]
        cpu.write(pcp.addr + layout.PCP_VM_STAT_DIFF)
        return 0

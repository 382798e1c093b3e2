"""Slab bytes of cgroups by node (mm/memcontrol.c: __mod_memcg_lruvec_state, __mod_memcg_state)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.layout import PAGE_SHIFT
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg import layout
from simslab.kernel.memcg.structures import MemCgroup, NodeStats, ObjCgroup
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu

RECLAIMABLE: Final = 0
UNRECLAIMABLE: Final = 1
OFFSETS: Final = (layout.STAT_SLAB_RECLAIMABLE, layout.STAT_SLAB_UNRECLAIMABLE)
THRESHOLD: Final = 32 << PAGE_SHIFT  # MEMCG_CHARGE_BATCH pages in bytes

SITE_STATE: Final = callsites.site("mod_memcg_lruvec_state")


def mod_objcg_state(cpu: Cpu, objcg: ObjCgroup, node: int, item: int, change: int) -> None:
    """Count `change` bytes of slab on `node` for the cgroup of `objcg` (mm/slab.h: mod_objcg_state).

    Each CPU keeps up to 128 KiB for itself; what is more goes to the cgroup and to all above it.
    """
    cpu.insn(insns.STATE)
    cpu.read(objcg.addr + layout.OBJCG_MEMCG)
    memcg = objcg.memcg
    cpu.read(memcg.addr + layout.MEMCG_NODEINFO + 8 * node)
    flags = cpu.irq_save(SITE_STATE)
    cpu.read(memcg.addr + layout.MEMCG_VMSTATS_PERCPU)
    above = [memcg, *ancestors(memcg)]
    add(cpu, [level.vmstats for level in above], item, change)
    cpu.read(memcg.nodeinfo[node].addr - layout.PER_NODE_STAT + layout.PER_NODE_STAT_CPU)
    cpu.update(memcg.nodeinfo[node].addresses[cpu.id] + layout.STATS_BYTES + OFFSETS[item])  # lruvec_stat_local
    add(cpu, [level.nodeinfo[node] for level in above], item, change)
    cpu.irq_restore(flags)


def ancestors(memcg: MemCgroup) -> list[MemCgroup]:
    """All cgroups above, the root last."""
    return [] if memcg.parent is None else [memcg.parent, *ancestors(memcg.parent)]


def add(cpu: Cpu, levels: list[NodeStats], item: int, change: int) -> None:
    """Add to this CPU's part of the first level; one too large goes to the totals of all. Irqs off."""
    own = levels[0]
    own.parts[cpu.id][item] += change
    cpu.update(own.addresses[cpu.id] + OFFSETS[item])
    moved = own.parts[cpu.id][item]
    if abs(moved) <= THRESHOLD:
        return
    own.parts[cpu.id][item] = 0
    for level in levels:
        cpu.insn(insns.STATE_FLUSH)
        cpu.settle()
        cpu.atomic(level.addr + OFFSETS[item])
        level.total[item] += moved

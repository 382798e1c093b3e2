"""The kernel below the slab allocator, booted on a machine."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.irq.interrupts import KernelInterrupts
from simslab.kernel.irq.napi import Napi
from simslab.kernel.irq.smp import SmpCalls
from simslab.kernel.irq.softirq import Softirqs
from simslab.kernel.locking.hotplug_locks import HotplugLocks
from simslab.kernel.locking.rcu import Rcu
from simslab.kernel.locking.spinlock import LockStats
from simslab.kernel.mm import memblock, percpu
from simslab.kernel.mm.online import NodeMask, local_memory_node
from simslab.kernel.mm.page_alloc import PageAllocator
from simslab.kernel.mm.reserves import Reserves
from simslab.kernel.mm.vmstat import VmStat
from simslab.kernel.mm.zone import NodeMemory, NodePages, Zone, node_zones, set_up_watermarks
from simslab.kernel.mm.zonelist import node_orders
from simslab.kernel.printk import KernelLog
from simslab.kernel.time.clocksource import ClocksourceWatchdog
from simslab.kernel.time.jiffies import JiffyClock, initial_jiffies
from simslab.kernel.time.tick import TickSched
from simslab.kernel.time.timer import Timers
from simslab.kernel.time.workqueue import DelayedWork, Workqueue
from simslab.kernel.warn_alloc import WarnAlloc
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.machine import Machine

NODESTAT_BYTES: Final = 64  # of each node, in every CPU's area
SITE_DRAIN_PAGES: Final = site("drain_pages_zone")


class Kernel:
    """Everything the slab allocator stands on.

    `zonelists[nid]` are node numbers, nearest first; `cpu_to_mem[cpu]` is numa_mem_id; `boot_data` is the simulated
    address of 256 KiB of static kernel data for structures that exist before any allocator. `page_stride` is the size
    of struct page: 56 bytes with SLAB, 64 with SLUB. `numa_spinlock` is the threshold of NUMA-aware spinlocks,
    None for 5.10's, which know nothing of nodes.

    Without CONFIG_HAVE_MEMORYLESS_NODES, which of the architectures only ia64 and powerpc have, numa_mem_id is
    numa_node_id also where that node has no memory (include/linux/topology.h).
    """

    def __init__(
        self,
        machine: Machine,
        percpu_unit: int = percpu.DEFAULT_UNIT,
        have_memoryless_nodes: bool = False,
        page_stride: int = layout.PAGE_STRIDE,
        numa_spinlock: Duration | None = None,
    ) -> None:
        self.machine = machine
        topology = machine.topology
        self.hz = machine.timing.kernel.hz
        self.cycles_per_jiffy = max(1, machine.frequency_hz // self.hz)
        self.nr_cpu_ids = len(topology.cpus)
        self.nr_node_ids = len(topology.nodes)
        self.online_nodes = [node.id for node in topology.nodes]
        self.node_online_map = NodeMask(self.online_nodes)
        self.memory_bytes = sum(node.memory for node in topology.nodes)
        self.lock_stats = LockStats(self.nr_cpu_ids)
        if numa_spinlock is not None:
            self.lock_stats.numa_threshold = numa_spinlock.cycles(machine.frequency_hz)
        self.hotplug = HotplugLocks()
        self.log = KernelLog(machine.frequency_hz, self.nr_cpu_ids)

        self.zonelists = node_orders(
            topology.distance,
            [node.memory > 0 for node in topology.nodes],
            [bool(node.cpus) for node in topology.nodes],
        )
        nearest = [local_memory_node(self.zonelists[cpu.node]) for cpu in topology.cpus]
        self.cpu_to_mem = nearest if have_memoryless_nodes else [cpu.node for cpu in topology.cpus]
        memory = memblock.BootMemory(topology)
        self.mem_map = memblock.make_mem_map(topology, memory, page_stride)
        self.percpu = percpu.PerCpu(memblock.percpu_areas(memory, nearest, percpu_unit), percpu_unit, self.log)
        pgdats = [memory.take(self.zonelists[nid][0], layout.PGDAT_BYTES) for nid in self.online_nodes]
        self.boot_data = memory.take(memblock.nodes_with_memory(topology)[0], memblock.BOOT_DATA_BYTES)
        self.zones = self._make_zones(memory, pgdats)
        self.percpu.alloc_percpu(NODESTAT_BYTES * self.nr_node_ids, layout.CACHE_LINE)  # pglist_data.per_cpu_nodestats
        self.vmstat = VmStat(self.percpu)
        self.reserves = Reserves(self.nr_cpu_ids)
        node_memory = NodeMemory(self.mem_map, self.zones, self.zonelists, pgdats)
        self.page_allocator = PageAllocator(node_memory, self.percpu, self.vmstat, self.reserves)
        self.page_allocator.warn_alloc = WarnAlloc(self.log, memblock.nodes_with_memory(topology))

        self._set_up_time(machine)
        for cpu in machine.cpus:
            cpu.numa_mem = self.cpu_to_mem[cpu.id]
            cpu.handler = self.interrupts

    def _set_up_time(self, machine: Machine) -> None:
        """Timers, deferred work and interrupts."""
        self.first_jiffy = initial_jiffies(self.hz)
        self.timers = Timers(self.first_jiffy)
        self.workqueue = Workqueue(self.timers, self.jiffies)
        self.rcu = Rcu(self.cycles_per_jiffy, self.nr_cpu_ids)
        self.softirqs = Softirqs(self.nr_cpu_ids, self.hz, self.jiffies, self.workqueue.queue_work)
        self.napi = Napi(self.softirqs, self.nr_cpu_ids)
        clock = JiffyClock(self.cycles_per_jiffy, self.first_jiffy)
        self.tick_sched = TickSched(machine.cpus, machine.engine, clock, self.timers, self.rcu, self.workqueue)
        self.interrupts = KernelInterrupts(self.percpu, self.tick_sched, self.softirqs, self.rcu, self.jiffies)
        self.smp = SmpCalls(machine.cpus, machine.engine, self.percpu)
        self.smp.tickless = self.tick_sched.tickless
        self.interrupts.smp = self.smp
        self.online_cpus = list(range(self.nr_cpu_ids))
        self.clocksource = ClocksourceWatchdog(self.timers, self.hz, self.jiffies, lambda: self.online_cpus)

    def _make_zones(self, memory: memblock.BootMemory, pgdats: list[int]) -> list[Zone]:
        zones: list[Zone] = []
        for nid in memblock.nodes_with_memory(self.machine.topology):
            zones += node_zones(self.mem_map, self.lock_stats, NodePages(nid, *memory.pages(nid), pgdats[nid]))
        for zone in zones:
            offset = self.percpu.alloc_percpu(layout.PCP_BYTES, layout.CACHE_LINE)
            zone.set_up_pagesets([self.percpu.address(cpu, offset) for cpu in range(self.nr_cpu_ids)])
        set_up_watermarks(zones)
        return zones

    def jiffies(self, cpu: Cpu) -> int:
        """The kernel's count of timer ticks by this CPU's clock; it does not begin at 0 (`first_jiffy`)."""
        return self.first_jiffy + cpu.now // self.cycles_per_jiffy

    def start_ticks(self, cpus: list[Cpu] | None = None) -> None:
        """Start the periodic timer interrupt on `cpus`, default all; idle CPUs have none (tick_nohz)."""
        for cpu in self.machine.cpus if cpus is None else cpus:
            self.interrupts.start_tick(cpu)

    def start_clocksource_watchdog(self) -> None:
        """Let the check of the TSC visit one CPU after the other from half a second from now on."""
        now = self.jiffies(self.machine.cpus[0])
        self.clocksource.start(now + self.clocksource.interval, now)

    def check_hotplug(self, number: int, online: bool) -> None:
        """KernelBugError unless the machine has CPU `number`, and it is `online` or not as it must be to go or come."""
        if number not in range(self.nr_cpu_ids) or (number in self.online_cpus) != online:
            raise KernelBugError(f"CPU {number} is not {'online' if online else 'offline'}")

    def cpu_up(self, coming: int) -> None:
        """Count CPU `coming` as online; the allocator's part is its own."""
        insort(self.online_cpus, coming)

    def cpu_down(self, cpu: Cpu, going: int) -> None:
        """Take CPU `going` out of what the kernel does by CPU; `cpu`, which stays, gets what waits on it.

        RCU callbacks, timers, deferred work and devices to be polled (takedown_cpu, timers_dead_cpu,
        workqueue_offline_cpu, dev_cpu_dead). ksoftirqd does not run elsewhere: what it was left moves by itself. The
        allocator's part, and page_alloc_cpu_dead, come after it. Not modelled: the time of it but for the devices.
        """
        gone = self.machine.cpus[going]
        self.online_cpus.remove(going)
        self.workqueue.cancel_work(gone, self.softirqs.run_ksoftirqd)
        self.softirqs.takeover(gone)
        self.rcu.rcutree_migrate_callbacks(gone, cpu)
        self.timers.timers_dead_cpu(going, cpu.id, self.jiffies(cpu))
        self.clocksource.leave(going, cpu.id)
        self.workqueue.workqueue_offline_cpu(gone, cpu)
        self.napi.dev_cpu_dead(gone, cpu)

    def page_alloc_cpu_dead(self, cpu: Cpu, going: int) -> None:
        """Give the pages on the lists of CPU `going`, which is gone, back to their zones; billed to `cpu`.

        Source: mm/page_alloc.c. Not modelled: lru_add_drain_cpu, of pages that nobody has here; folding the CPU's
        counters into others (vm_events_fold_cpu, cpu_vm_stats_fold), whose sums are kept from the beginning.
        """
        bill, cpu.bill = cpu.bill, causes.PAGE_ALLOCATOR
        for zone in self.zones:  # drain_pages, drain_pages_zone
            flags = cpu.irq_save(SITE_DRAIN_PAGES)
            pcp = zone.pageset[going]
            cpu.read(pcp.addr)
            if pcp.count:
                self.page_allocator.free_pcppages_bulk(cpu, zone, pcp, pcp.count)
            cpu.irq_restore(flags)
        cpu.bill = bill

    def schedule_delayed_work_on(self, cpu: Cpu, work: DelayedWork, delay: int) -> int:
        """Run `work` after `delay` jiffies, at an operation boundary; returns the jiffy at which its timer expires."""
        return self.workqueue.schedule_delayed_work_on(cpu, work, delay)

    def run_due_work(self, cpu: Cpu) -> int:
        """Run the queued work of `cpu`; returns how many functions ran."""
        return self.workqueue.run_due_work(cpu)

    def reset_statistics(self) -> None:
        """Forget lock and NUMA statistics (end of warm-up)."""
        self.lock_stats.reset()
        self.softirqs.clear()
        for zone in self.zones:
            for item in range(len(zone.numa_owner)):
                zone.numa_owner[item] = 0

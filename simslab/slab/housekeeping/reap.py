"""When each CPU reaps: the delayed work that cache_reap is, and the node whose aliens it sends home (mm/slab.c)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.mutex import Mutex
from simslab.kernel.time.jiffies import round_jiffies_relative
from simslab.kernel.time.workqueue import DelayedWork
from simslab.machine.core.cpu import Cpu
from simslab.slab.housekeeping.drain import SlabDrain

REAPTIMEOUT_AC: Final = 2  # seconds
REAPTIMEOUT_NODE: Final = 4


class Reaper:
    """The reapers of all CPUs; `slab_reap_node[cpu]` is the node whose aliens the CPU sends home next time.

    `slab_reap_work[cpu]` is the CPU's delayed work; `started[cpu]` tells whether it has been set up, by the function
    that it has in the kernel.
    """

    def __init__(self, kernel: Kernel, drain: SlabDrain, slab_mutex: Mutex) -> None:
        self.kernel = kernel
        self.drain = drain
        self.slab_mutex = slab_mutex
        cpus = range(kernel.nr_cpu_ids)
        self.slab_reap_node: list[int] = [self.init_reap_node(i) for i in cpus]
        self.slab_reap_work = [DelayedWork(self.reap_work, deferrable=True) for _ in cpus]
        self.started = [False for _ in cpus]

    def init_reap_node(self, cpu_id: int) -> int:
        """Return the node whose aliens a CPU sends home first (mm/slab.c: init_reap_node)."""
        return self.kernel.node_online_map.next_node_in(self.kernel.cpu_to_mem[cpu_id])

    def start_cpu_timer(self, cpu: Cpu) -> None:
        """Let `cpu` reap about once every 2 s from now on, if it does not yet (mm/slab.c: start_cpu_timer)."""
        if not self.started[cpu.id]:
            self.started[cpu.id] = True
            self.slab_reap_node[cpu.id] = self.init_reap_node(cpu.id)
            self.schedule_reap(cpu, self.kernel.hz)

    def slab_offline_cpu(self, cpu: Cpu) -> None:
        """Stop the reaper of a CPU that goes (mm/slab.c: slab_offline_cpu)."""
        self.kernel.workqueue.cancel_delayed_work_sync(self.slab_reap_work[cpu.id])
        self.started[cpu.id] = False

    def schedule_reap(self, cpu: Cpu, delay: int) -> None:
        """Queue the reaper `delay` jiffies from now, rounded so that the CPUs' seconds begin one after the other.

        Its timer is deferrable: on an idle CPU it waits until something else wakes the CPU.
        """
        kernel = self.kernel
        rounded = round_jiffies_relative(delay, cpu.id, kernel.hz, kernel.jiffies(cpu))
        kernel.schedule_delayed_work_on(cpu, self.slab_reap_work[cpu.id], rounded)

    def reap_work(self, cpu: Cpu) -> None:
        """The delayed work: reap, and queue itself again (mm/slab.c: cache_reap)."""
        self.cache_reap(cpu)
        self.schedule_reap(cpu, REAPTIMEOUT_AC * self.kernel.hz)

    def cache_reap(self, cpu: Cpu) -> int:
        """Reap all caches for this CPU, then let its rotor go on; 0 if slab_mutex was taken (mm/slab.c: cache_reap).

        Interrupts on.
        """
        if cpu.irqs_off:
            raise KernelBugError("cache_reap with interrupts off")
        if not self.slab_mutex.trylock(cpu):
            return 0
        kernel = self.kernel
        reap_node = self.slab_reap_node[cpu.id]
        try:
            self.drain.reap_caches(cpu, reap_node, kernel.jiffies(cpu), REAPTIMEOUT_NODE * kernel.hz)
        finally:
            self.slab_mutex.unlock(cpu)
        self.slab_reap_node[cpu.id] = kernel.node_online_map.next_node_in(reap_node)
        return 1

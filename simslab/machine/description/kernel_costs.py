"""What only a kernel does: locked operations, interrupts, clearing of pages."""

from __future__ import annotations

from simslab.base.units import Duration
from simslab.machine.description.model import NO_TIME, Count, Number, SpecModel, cycles
from simslab.machine.description.parameter import LATENCY, Q10, Counted, Source, parameter


def _clear_q10(bytes_per_cycle: float) -> int:
    """Return the time of one 64-byte line in 1/1024 cycle."""
    return round(64 * Q10 / bytes_per_cycle)


class KernelCostsSpec(SpecModel):
    """Cycles of operations that only a kernel performs, their own instructions included."""

    atomic: Duration = parameter("locked read-modify-write on a line in L1 in M", fit=LATENCY)
    cmpxchg16b: Duration | None = parameter(
        "`lock cmpxchg16b` on a line in L1 in M (SLUB's cmpxchg_double on a slab's page); default atomic",
        None,
        fit=LATENCY,
        counted=Counted(like="atomic"),
    )
    cmpxchg_double: Duration = parameter(
        "this_cpu_cmpxchg_double of SLUB: cmpxchg16b without a lock prefix on a line in L1 in M, beyond what an "
        "average instruction takes",
        cycles(12),
    )
    irq_save: Duration = parameter("local_irq_save: pushf, pop, cli", fit=LATENCY)
    irq_restore: Duration = parameter("local_irq_restore: push, popf", fit=LATENCY)
    cli: Duration = parameter("local_irq_disable", fit=LATENCY)
    sti: Duration = parameter("local_irq_enable", fit=LATENCY)
    irq_entry: Duration = parameter("from interrupt delivery to the handler's first instruction")
    irq_exit: Duration = parameter("from the handler's last instruction back to the interrupted code")
    ipi: Duration = parameter("sending an interprocessor interrupt")
    pause: Duration = parameter(
        "PAUSE: a loop that waits for memory (rings of `validate`, not spinlocks) looks only once in this time",
        NO_TIME,
    )
    clear_bytes_per_cycle: Number = parameter(
        "bytes that rep stosb clears per cycle in L1", within=(0.1, 256), counted=Counted("clear_q10", _clear_q10)
    )
    hz: Count = parameter("timer ticks per second (CONFIG_HZ)", 250, (1, 10000), source=Source.CHOSEN)

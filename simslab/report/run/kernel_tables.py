"""The summary's tables of kernel behaviour: locks, interrupts masked, delivered and delayed, softirqs."""

from __future__ import annotations

from typing import Final

from simslab.report.tables import Table, fixed, table, whole
from simslab.result.latency import distribution
from simslab.result.measurement import IrqDelayRow, LockRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds

LOCKS_SHOWN: Final = 12
SITES_SHOWN: Final = 12
DELAYS_SHOWN: Final = 12


def lock_table(measurement: Measurement) -> Table | None:
    """Return lock classes by call site, longest total wait first; None if no lock was taken."""
    locks = [row for row in measurement.locks if row.acquisitions]
    if not locks:
        return None
    locks.sort(key=lambda row: (-row.wait_total, -row.acquisitions, row.name, row.site))
    heads = ("lock", "site", "taken", "contended", "wait total", "wait mean", "wait max", "hold mean", "hold max")
    rows = [_lock_row(row, measurement.frequency_hz) for row in locks[:LOCKS_SHOWN]]
    left = len(locks) - len(rows)
    note = "Means are per contended wait and per hold." + (f" {left} more not shown." if left else "")
    return table("Locks (times in ns)", heads, rows, texts=2, note=note)


def _lock_row(row: LockRow, frequency_hz: int) -> list[str]:
    return [
        row.name,
        row.site,
        whole(row.acquisitions),
        whole(row.contended),
        fixed(nanoseconds(row.wait_total, frequency_hz), 0),
        fixed(mean_nanoseconds(row.wait_total, row.contended, frequency_hz)),
        fixed(nanoseconds(row.wait_max, frequency_hz), 0),
        fixed(mean_nanoseconds(row.hold_total, row.acquisitions, frequency_hz)),
        fixed(nanoseconds(row.hold_max, frequency_hz), 0),
    ]


def irqs_off_table(measurement: Measurement) -> Table | None:
    """Return stretches with interrupts off by the call site that began them, longest first; None if there were none."""
    sites = sorted(
        (row for row in measurement.irqs_off if row.count), key=lambda row: (-row.maximum, -row.total, row.site)
    )
    if not sites:
        return None
    frequency = measurement.frequency_hz
    rows = [
        [
            row.site,
            whole(row.count),
            fixed(nanoseconds(row.total, frequency), 0),
            fixed(mean_nanoseconds(row.total, row.count, frequency)),
            fixed(nanoseconds(row.maximum, frequency)),
            whole(row.maximum),
        ]
        for row in sites[:SITES_SHOWN]
    ]
    left = len(sites) - len(rows)
    heads = ("site", "stretches", "total ns", "mean ns", "max ns", "max cycles")
    return table("Interrupts off", heads, rows, note=f"{left} more not shown." if left else "")


def interrupts_table(measurement: Measurement) -> Table | None:
    """Return interrupts delivered and how long masking delayed them; None if none were delivered."""
    frequency = measurement.frequency_hz
    rows = [
        [
            row.vector,
            whole(row.delivered),
            whole(row.delayed),
            fixed(mean_nanoseconds(row.delay_total, row.delayed, frequency)),
            fixed(nanoseconds(row.delay_max, frequency)),
            fixed(mean_nanoseconds(row.handler_total, row.delivered, frequency)),
        ]
        for row in measurement.interrupts
        if row.delivered
    ]
    if not rows:
        return None
    heads = ("interrupt", "delivered", "delayed", "delay mean ns", "delay max ns", "handler mean ns")
    return table("Interrupts", heads, rows)


def irq_delays_table(measurement: Measurement) -> Table | None:
    """Return delivery delays by interrupt and by who masked it, longest first; None if no interrupt was delayed."""
    delayed = sorted(
        (row for row in measurement.irq_delays if row.maximum),
        key=lambda row: (-row.maximum, -row.total, row.vector, row.site),
    )
    if not delayed:
        return None
    rows = [_delay_row(row, measurement.frequency_hz) for row in delayed[:DELAYS_SHOWN]]
    left = len(delayed) - len(rows)
    heads = ("interrupt", "masked by", "delivered", "mean ns", "p50 ns", "p99 ns", "max ns", "max cycles")
    note = f"{left} more not shown." if left else ""
    return table("Delivery delays by call site", heads, rows, texts=2, note=note)


def _delay_row(row: IrqDelayRow, frequency_hz: int) -> list[str]:
    delays = distribution(zip(row.cycles, row.counts, strict=True))
    return [
        row.vector,
        row.site,
        whole(row.count),
        fixed(mean_nanoseconds(row.total, row.count, frequency_hz)),
        fixed(nanoseconds(delays.percentile(50_000), frequency_hz)),
        fixed(nanoseconds(delays.percentile(99_000), frequency_hz)),
        fixed(nanoseconds(row.maximum, frequency_hz)),
        whole(row.maximum),
    ]


def softirqs_table(measurement: Measurement) -> Table | None:
    """Return softirqs that were raised or ran; None if there were none."""
    frequency = measurement.frequency_hz
    rows = [
        [row.name, whole(row.raised), whole(row.ran), fixed(mean_nanoseconds(row.cycles, row.ran, frequency))]
        for row in measurement.softirqs
    ]
    return table("Softirqs", ("softirq", "raised", "ran", "mean ns"), rows) if rows else None


def memcg_table(measurement: Measurement) -> Table | None:
    """Return what memory cgroups were charged; None if the workload has none."""
    rows = [
        [
            row.cgroup,
            whole(row.charges),
            whole(row.stock_hits),
            whole(row.page_charges),
            whole(row.batches),
            whole(row.drains),
            whole(row.failures),
            whole(row.vectors),
            whole(row.vectors_failed),
            whole(row.pages),
            "none" if row.limit_pages is None else whole(row.limit_pages),
            whole(row.bytes),
        ]
        for row in measurement.memcg
    ]
    heads = ("cgroup", "charged", "by stock", "by pages", "batches", "drains", "refused", "vectors", "no vector")
    note = "Objects charged; pages, limit and bytes of live objects at the end of the run."
    return table("Memory cgroups", (*heads, "pages", "limit", "bytes"), rows, note=note) if rows else None

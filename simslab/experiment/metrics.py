"""The figures by which a comparison judges its arms, each one number a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.report.run.locality_tables import remote
from simslab.result.latency import Distribution, by_operation, merge_rows
from simslab.result.measurement import LockRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds

OPERATIONS: Final = ("alloc", "free")  # told apart beside all operations together
_POINTS: Final[tuple[tuple[str, Callable[[Distribution, int], float]], ...]] = (
    ("mean", lambda latencies, hz: mean_nanoseconds(latencies.total, latencies.count, hz)),
    ("p50", lambda latencies, hz: nanoseconds(latencies.percentile(50_000), hz)),
    ("p99", lambda latencies, hz: nanoseconds(latencies.percentile(99_000), hz)),
)


def metrics(measurement: Measurement) -> dict[str, float]:
    """Return every metric of a run by name, always the same names in the same order; times in ns."""
    frequency = measurement.frequency_hz
    operations = by_operation(measurement)
    groups = {"": merge_rows(measurement.latency)}
    groups |= {f"{name} ": operations.get(name, Distribution((), ())) for name in OPERATIONS}
    latency = {
        f"{group}latency {point} (ns)": figure(latencies, frequency)
        for group, latencies in groups.items()
        for point, figure in _POINTS
    }
    locks = list_locks(measurement)
    return latency | {
        "list_lock wait (ns)": nanoseconds(sum(row.wait_total for row in locks), frequency),
        "list_lock contended": sum(row.contended for row in locks),
        "remote frees": sum(remote(row.node, row.freed) for row in measurement.nodes),
        "interrupts off max (ns)": nanoseconds(
            max((row.maximum for row in measurement.irqs_off), default=0), frequency
        ),
    }


def list_locks(measurement: Measurement) -> list[LockRow]:
    """Return the lock rows of the nodes' `list_lock`."""
    return [row for row in measurement.locks if "list_lock" in row.name]

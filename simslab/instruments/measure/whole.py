"""All measurements of a machine together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from simslab.instruments.measure.atomic_inc import AtomicPoint, atomic_curve
from simslab.instruments.measure.bandwidth import bandwidth_matrix, core_bandwidth, peak_bandwidths
from simslab.instruments.measure.chase import ChasePoint, LevelLatency, chase_curve, level_latencies, memory_end
from simslab.instruments.measure.idle import idle_matrix
from simslab.instruments.measure.loaded import LoadPoint, loaded_curve
from simslab.instruments.measure.lock import SECTION, LockMeasurement, measure_lock
from simslab.instruments.measure.pingpong import ping_pong_by_relation, ping_pong_matrix
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.transfer import HomeLatencies, transfer_by_home, transfer_by_state

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.spec import MachineSpec

Matrix = list[list[float | None]]


@dataclass(frozen=True)
class MachineMeasurement:
    """What was measured; parts that were not asked for are None. Latencies in ns, bandwidths in GB/s."""

    machine: str
    nodes: tuple[int, ...]  # their numbers, in the order of the matrices
    levels: list[LevelLatency] | None = None
    chase: list[ChasePoint] | None = None
    chase_memory: int | None = None  # bytes of the nearest node's memory, where it ends the chase
    idle_sequential: Matrix | None = None
    idle_random: Matrix | None = None
    transfers: dict[str, dict[str, float]] | None = None  # by relation, then state
    homes: list[HomeLatencies] | None = None
    ping_pong: dict[str, float] | None = None  # by relation
    ping_pong_pairs: Matrix | None = None  # by CPU
    atomics: list[AtomicPoint] | None = None
    bandwidth: Matrix | None = None
    core_bandwidth: float | None = None
    peak: dict[str, float] | None = None  # by mix
    loaded: list[LoadPoint] | None = None
    lock: LockMeasurement | None = None  # the kernel's


LOCK: Final = "lock"  # the part whose length of a critical section can be chosen
PARTS: Final[dict[str, dict[str, Callable[..., Any]]]] = {
    "cache": {"levels": level_latencies, "chase": chase_curve, "chase_memory": memory_end},
    "latency": {"idle_sequential": lambda spec: idle_matrix(spec, sequential=True), "idle_random": idle_matrix},
    "c2c": {"transfers": transfer_by_state, "homes": transfer_by_home, "ping_pong": ping_pong_by_relation},
    "pairs": {"ping_pong_pairs": ping_pong_matrix},
    "atomic": {"atomics": atomic_curve},
    "bandwidth": {
        "bandwidth": bandwidth_matrix,
        "core_bandwidth": lambda spec: core_bandwidth(Prober(spec)) / 1e9,
        "peak": peak_bandwidths,
    },
    "all-bandwidth": {"bandwidth": lambda spec: bandwidth_matrix(spec, whole=True)},
    "loaded": {"loaded": loaded_curve},
    LOCK: {"lock": measure_lock},
}
LONG: Final = ("pairs", "all-bandwidth")  # matrices over CPUs, or over many nodes
DEFAULT_PARTS: Final = tuple(part for part in PARTS if part not in LONG)


def measure_machine(
    spec: MachineSpec, parts: tuple[str, ...] = DEFAULT_PARTS, section: Duration = SECTION
) -> MachineMeasurement:
    """Measure the named parts of a machine; `section` is how long CPUs hold the lock of the part lock."""
    nodes = tuple(node.number for node in Prober(spec).topology.nodes)
    found: dict[str, Any] = {}
    for part in parts:
        given = (spec, section) if part == LOCK else (spec,)
        found |= {name: measure(*given) for name, measure in PARTS[part].items()}
    return MachineMeasurement(spec.name, nodes, **found)

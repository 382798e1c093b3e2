"""What a measurement of locks consists of. The locks are the kernel's, which a higher layer measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HandOver:
    """A lock that two CPUs pass to and fro, in ns from the end of one section to the beginning of the next."""

    charged: float  # as the simulated kernel is charged: one transfer of the lock word
    transfers: float  # every transfer of the lock word that qspinlock's pending path makes


@dataclass(frozen=True, slots=True)
class LockPoint:
    """What `cpus` CPUs achieve that do nothing but enter one section."""

    cpus: int
    ns_each: float  # from one section's beginning to the next's, whoever enters
    hand_over: float  # ns of it between the sections, 0 for one CPU
    million_per_second: float
    overtaken: int  # sections entered before that of a CPU which had come earlier


@dataclass(frozen=True, slots=True)
class LockMeasurement:
    """Hand-over by how near the CPUs are, and throughput by their number."""

    section_ns: float
    uncontended_cycles: float  # lock and unlock by one CPU that has the line
    hand_over: dict[str, HandOver]  # by relation of the CPUs
    throughput: list[LockPoint]

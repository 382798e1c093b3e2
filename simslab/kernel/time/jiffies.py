"""Jiffies, their rounding, and when the timer wheel fires (kernel/time/timer.c)."""

from dataclasses import dataclass
from typing import Final

HZ: Final = 250
BOOT_SECONDS: Final = 300  # jiffies begin this long before they pass 32 bits (INITIAL_JIFFIES)
CPU_SKEW: Final = 3  # jiffies between the rounded times of neighbouring CPUs
LVL_CLK_SHIFT: Final = 3
LVL_SPAN: Final = 63
LVL_DEPTH: Final = 9


@dataclass(frozen=True)
class JiffyClock:
    """How cycles and jiffies go together: `first` is the jiffy at cycle 0."""

    cycles_per_jiffy: int
    first: int


def initial_jiffies(hz: int) -> int:
    """The jiffy at boot (include/linux/jiffies.h: INITIAL_JIFFIES); it matters to what is rounded."""
    return (1 << 32) - BOOT_SECONDS * hz


def round_jiffies_common(j: int, cpu: int, hz: int, now: int, force_up: bool = False) -> int:
    """Round absolute jiffies `j` to a full second, a little later on each CPU; never into the past."""
    skewed = j + cpu * CPU_SKEW
    rem = skewed % hz
    rounded = skewed - rem if rem < hz // 4 and not force_up else skewed - rem + hz
    rounded -= cpu * CPU_SKEW
    return rounded if rounded > now else j


def round_jiffies_relative(delta: int, cpu: int, hz: int, now: int) -> int:
    """Round a delay of `delta` jiffies from `now` so that it ends at a full second (__round_jiffies_relative)."""
    return round_jiffies_common(now + delta, cpu, hz, now) - now


def wheel_level(delta: int) -> int:
    """The level of the timer wheel that holds a timer `delta` jiffies ahead of its base's clock (calc_wheel_index)."""
    level = 0
    while level < LVL_DEPTH - 1 and delta >= LVL_SPAN << (level * LVL_CLK_SHIFT):
        level += 1
    return level


def wheel_expiry(expires: int, now: int) -> int:
    """The jiffy at which a timer for `expires` fires: the wheel's buckets widen with the delay (calc_index)."""
    shift = wheel_level(expires - now) * LVL_CLK_SHIFT
    return ((max(expires, now) >> shift) + 1) << shift

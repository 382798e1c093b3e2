"""The metrics that the model answers to, the units in which their figures may be stated, and figures in those units."""

from __future__ import annotations

from typing import Final

from simslab.base.units import BANDWIDTH_UNITS, CYCLE_UNITS, TIME_UNITS

CURVE: Final = "dram_loaded_latency"  # its rows are answered together
DISTANCES: Final = "slit_row"  # its value is several numbers, and their unit is SLIT, if any
BYTES_PER_CYCLE: Final = "B/cycle"  # of instructions that work on a string of bytes

TIMES: Final = ("ns", *(unit for unit in TIME_UNITS if unit != "ns"), *CYCLE_UNITS)
COSTS: Final = ("cycles", *(unit for unit in TIMES if unit != "cycles"), BYTES_PER_CYCLE)
RATES: Final = ("GB/s", *(unit for unit in BANDWIDTH_UNITS if unit != "GB/s"))

# Of each metric its units, first the one that a row without a unit is in.
METRICS: Final = {
    "l1_latency": TIMES,
    "l2_latency": TIMES,
    "l3_latency": TIMES,
    "dram_idle_latency": TIMES,
    "cxl_idle_latency": TIMES,
    "dram_remote_extra": TIMES,
    CURVE: TIMES,
    "c2c_latency": TIMES,
    "cas_pingpong_oneway": TIMES,
    "tlb_1g_miss": TIMES,
    "l2tlb_hit_extra": TIMES,
    "kernel_op": TIMES,
    "instruction_cost": COSTS,
    "dram_read_bandwidth": RATES,
    "cxl_read_bandwidth": RATES,
    "dram_read_bandwidth_scan": RATES,
    "dram_bandwidth": RATES,
    "link_bandwidth": RATES,
    "dram_peak_bandwidth": RATES,
    "l2_bandwidth": RATES,
    "l3_bandwidth_core": RATES,
    "l3_bandwidth_ccx": RATES,
    "stream_node": RATES,
    "stream_socket": RATES,
    DISTANCES: (),
}


def stated_unit(metric: str, unit: str) -> str:
    """Return the unit of a row's figure: what the row says, or of its metric where it says nothing."""
    return unit or next(iter(METRICS.get(metric, ())), "")


def time_in(unit: str, cycles: float, ns: float) -> float:
    """Return a time, given both ways, in a unit of `TIMES`."""
    return cycles if unit in CYCLE_UNITS else ns * float(TIME_UNITS["ns"] / TIME_UNITS[unit])


def rate_in(unit: str, per_second: float) -> float:
    """Return bytes per second in a unit of `RATES`."""
    return per_second / float(BANDWIDTH_UNITS[unit])


def nanoseconds(unit: str, figure: float, cycle_ns: float) -> float:
    """Return a time in a unit of `TIMES` in nanoseconds, where a cycle takes `cycle_ns`."""
    return figure * (cycle_ns if unit in CYCLE_UNITS else float(TIME_UNITS[unit] / TIME_UNITS["ns"]))


def gigabytes(unit: str, figure: float) -> float:
    """Return a bandwidth in a unit of `RATES` in GB/s."""
    return figure * float(BANDWIDTH_UNITS[unit] / BANDWIDTH_UNITS["GB/s"])

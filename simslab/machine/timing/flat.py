"""The flat names that timings had before they stood in parts, for whom still reads them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from simslab.machine.timing.caches import geometry

CORE: Final = ("cpi_q16", "cpi_cold_q16", "hidden", "store_divisor", "outstanding", "store_buffer")
STORES: Final = ("store_interval", "forward", "smt_q10", "prefetch")
KERNEL: Final = ("atomic", "irq_save", "irq_restore", "cli", "sti", "irq_entry", "irq_exit", "ipi")
OTHERS: Final = ("pause", "clear_q10", "hz")
COHERENCE: Final = ("protocol", "home", "memory_bits", "one_filter", "directory", "snoop")
FLAT: Final[Mapping[str, str]] = {
    **{name: f"core.{name}" for name in (*CORE, *STORES)},
    **{name: f"kernel.{name}" for name in (*KERNEL, *OTHERS)},
    **{name: f"coherence.{name}" for name in COHERENCE},
    "ahead": "coherence.memory_ahead",
    **{level: f"caches.{level}.latency" for level in ("l1", "l2", "l3")},
    **{f"{level}_line_q10": f"caches.{level}.line_q10" for level in ("l1", "l2", "l3")},
    "core_line_q10": "caches.l3.core_line_q10",
    "port_read_q10": "caches.l3.port_read_line_q10",
    "port_write_q10": "caches.l3.port_write_line_q10",
    "c2c_local": "caches.l3.other_core",
    "c2c_exclusive": "caches.l3.other_core_exclusive",
    "c2c_shared": "caches.l3.other_core_shared",
    "inclusion": "caches.l3.inclusion",
    "dram_curve": "memory.curves",
    **{f"hop_{ends}": f"paths.hops.{ends}" for ends in ("dn", "nd", "dd", "nn")},
    **{name: f"paths.{name}" for name in ("link_line_q10", "link_latency", "reach", "domain_node")},
}
BY_NODE: Final[Mapping[str, str]] = {
    "dram": "latency",
    "port": "port",
    "dram_line_q10": "line_q10",
    "dram_write_q10": "write_line_q10",
    "dram_stream_q10": "stream_write_line_q10",
    "dram_channels": "channels",
    "dram_conflict": "conflict",
    "dram_row_miss": "row_miss",
}


def flat_value(timing: object, name: str) -> Any:
    """Return what `name` meant; AttributeError for another name."""
    if name in FLAT:
        return attrgetter(FLAT[name])(timing)
    if name in BY_NODE:
        return attrgetter("memory")(timing).each(BY_NODE[name])
    if name in ("l1_geometry", "l2_geometry", "l3_geometry"):
        return geometry(attrgetter(f"caches.{name[:2]}")(timing))
    raise AttributeError(f"no timing '{name}'", name=name)

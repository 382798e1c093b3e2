"""The pace of a core and what it can hide: instructions per cycle, stores and misses in flight."""

from __future__ import annotations

from typing import Literal

from simslab.base.units import Duration, Frequency
from simslab.machine.description.model import Count, Number, SpecModel, cycles
from simslab.machine.description.parameter import (
    COUNT,
    Counted,
    Source,
    parameter,
    per_instruction_q16,
    q10,
)


class CoreSpec(SpecModel):
    """The core's pace."""

    frequency: Frequency = parameter("core clock, the unit of all simulated time", source=Source.PUBLISHED)
    ipc: Number = parameter(
        "instructions per cycle when every access hits L1",
        within=(0.01, 16),
        counted=Counted("cpi_q16", per_instruction_q16),
    )
    ipc_cold: Number | None = parameter(
        "the same in code off the fast paths (page allocator, slab growth); default ipc",
        None,
        (0.01, 16),
        counted=Counted("cpi_cold_q16", per_instruction_q16, like="ipc"),
    )
    hidden: Duration = parameter("part of each load's latency that out-of-order execution hides", cycles(8))
    store_divisor: Count = parameter(
        "without a store buffer: a missing store costs what `hidden` leaves of its latency divided by this (stores in "
        "flight at once)",
        4,
        (1, 64),
    )
    outstanding: Count = parameter(
        "misses that one core has in flight at once (fill buffers, L2 queue)", 10, (1, 256), fit=COUNT
    )
    store_buffer: Count | None = parameter(
        "entries of the store buffer, shared out among the core's threads: stores wait in it for their lines, in "
        "order, and stall the core when it is full; absent: `store_divisor` stands for it",
        None,
        (1, 1024),
    )
    store_interval: Count = parameter(
        "with a store buffer: instructions for each store to a line that is always there (stack, spilled registers); "
        "such stores retire in order behind those that miss; recorded calls of 5.10 make one in 5 to 13, a warm pair "
        "of SLAB 16 in 100, loops over objects none",
        7,
        (1, 1000),
    )
    store_lookahead: Count = parameter(
        "with a store buffer: a store to a line that another core holds asks for it when all stores before it have "
        "retired but for others that miss and as many as this to lines that are here; 0: at once, as for other lines. "
        "Downs (What has your microcode done for you lately?, 2019) found stores that miss kept apart by one that hits "
        "on Haswell and Skylake, on Skylake-X not",
        0,
        (0, 64),
    )
    forward: Duration = parameter(
        "a load that takes the value of a store just before it (store forwarding); loops over lists and counters in "
        "memory wait for one or more of them at each turn",
        cycles(5),
    )
    kept: Duration = parameter(
        "how long a core keeps a line that came for a store while another core's request for it waits: as many stores "
        "behind that one retire with it, one a cycle; the default is one figure for all machines, chosen on the "
        "contended frees of `simslab validate` (eleven rows, told there as calibration)",
        cycles(10),
    )
    mispredict: Duration = parameter(
        "from a branch that was predicted wrong to the first instruction behind it, as at the end of a waiting loop; "
        "tables of Agner Fog and uops.info give 15 to 20 for Intel's cores since Haswell and AMD's since Zen",
        cycles(18),
    )
    commit: Duration = parameter(
        "what the locked operation that takes a free lock waits for the stores just before it, which have to reach the "
        "L1; of a trylock and of who queues it is not asked",
        cycles(14),
    )
    prefetch: Literal["none", "next-line", "strides"] = parameter(
        "next-line: a miss in the L1 also brings the line after it into the L2; strides: two in one 4 KiB page bring"
        " what follows in the same steps, up to 20 lines ahead and in the next page of the same 2 MiB as well",
        "none",
        source=Source.CHOSEN,
    )
    smt_throughput: Number | None = parameter(
        "instructions per cycle of all busy threads of a core together, over one alone; absent: threads do not slow "
        "one another",
        None,
        (1, 8),
        counted=Counted("smt_q10", q10),
    )

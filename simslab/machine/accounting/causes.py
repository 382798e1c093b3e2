"""Causes to which every charged cycle is attributed; an operation's causes sum to its latency exactly."""

from typing import Final

INSTRUCTIONS: Final = 0
# 1, "l1", is never charged: a hit there costs nothing beyond its instruction. Stored results keep its place.
L2: Final = 2
L3: Final = 3
OTHER_CORE: Final = 4  # another core's private cache below the same L3
LOCAL_DRAM: Final = 5
REMOTE_CACHE: Final = 6  # a cache below another L3
REMOTE_DRAM: Final = 7
LINK_QUEUE: Final = 8
DRAM_QUEUE: Final = 9
LOCK_WAIT: Final = 10
LOCK_HANDOVER: Final = 11
IRQ_MASK: Final = 12  # pushf, cli, sti, popf
IRQ_HANDLER: Final = 13  # interrupts delivered inside the operation
PAGE_ALLOCATOR: Final = 14
LOCKED: Final = 15  # execution of locked instructions, beyond the line's arrival
CLEAR: Final = 16  # rep stosb
WAIT: Final = 17  # idle: waiting for another thread or for recorded time; outside operations
WORK: Final = 18  # think time of the workload; outside operations
IPI_WAIT: Final = 19  # waiting until other CPUs have answered an inter-processor interrupt
TLB: Final = 20  # translation: second-level hits and page walks
STORE_BUFFER: Final = 21  # stores stalled by a full store buffer, locked operations until it has drained
CACHE_QUEUE: Final = 22  # waiting for the bandwidth of a cache, or for a line that is under way for another core

NR_CAUSES: Final = 23
UNBILLED: Final = -1

CAUSE_NAMES: Final = (
    "instructions",
    "l1",
    "l2",
    "l3",
    "other_core",
    "local_dram",
    "remote_cache",
    "remote_dram",
    "link_queue",
    "dram_queue",
    "lock_wait",
    "lock_handover",
    "irq_mask",
    "irq_handler",
    "page_allocator",
    "locked",
    "clear",
    "wait",
    "work",
    "ipi_wait",
    "tlb",
    "store_buffer",
    "cache_queue",
)

"""What the page allocator cost up to 4.6, for rows that were measured on such kernels.

M. Gorman timed batches of pages, allocation and freeing apart, with one probe on 4.6-rc2 ("Optimise page alloc/free
fast paths", linux-mm, 11 April 2016) and on 4.10-rc2 ("Use per-cpu allocator for !irq requests", January 2017), most of
whose code 5.10 has. Batches of 64 and 128 pages, which the CPU's list serves, took 194 and 192 cycles a page to
allocate, then 139 and 145; 89 and 88 to free, then 73 and 78. Of 16,384 pages, which go through the zone as well, each
took 235, then 159; 137, then 110. The differences stand here as instructions, at the pace of the machine whose rows
these are (`i7-4790k`: 3 a cycle off the fast paths, 4.8 in a loop), so that a slower core takes longer for them.

Not modelled: which structures that code touched (what the fair-zone policy counted, checks of each page); pages of a
batch taken off their list under the zone's lock, and without prefetching their buddies, as up to 4.16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.kernel.mm.zone import zone_batchsize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.kernel.mm.page_alloc import PageAllocator
    from simslab.kernel.mm.zone import Zone

TAKE_INSNS: Final = 153  # 51 cycles, mean of the two batches, at 3 a cycle
FREE_INSNS: Final = 39  # 13 cycles
REFILL_INSNS: Final = 120  # 76 cycles less 51, at 4.8 a cycle
FLUSH_INSNS: Final = 67  # 27 cycles less 13
BATCH_BYTES: Final = 1 << 19  # most that moves at a time, times 4; "double zone's batchsize" (4.19) made it 1 MiB


def take_pages_as_up_to_46(allocator: PageAllocator, zones: Sequence[Zone]) -> None:
    """Let `allocator` and the lists of each CPU in `zones`, empty so far, be those of kernels up to 4.6."""
    allocator.more_to_take, allocator.more_to_free = TAKE_INSNS, FREE_INSNS
    allocator.more_to_refill, allocator.more_to_flush = REFILL_INSNS, FLUSH_INSNS
    for zone in zones:
        batch = zone_batchsize(zone.managed, BATCH_BYTES)
        for pcp in zone.pageset:
            pcp.set_batch(batch)

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.zone import zone_batchsize


@pytest.mark.parametrize(("managed", "batch"), [(0, 1), (4000, 1), (16384, 3), (262144, 63), (1 << 24, 63)])
def test_batches_grow_with_the_zone_up_to_63(managed: int, batch: int) -> None:
    assert max(1, zone_batchsize(managed)) == batch


def test_zones_are_cut_by_physical_address(kernel: Kernel) -> None:
    spans = [(zone.node, zone.name, zone.start) for zone in kernel.zones]
    assert spans == [(0, "DMA", 1), (0, "DMA32", 4096), (1, "DMA32", 32768)]


def test_watermarks_rise_and_sum_to_the_minimum(kernel: Kernel) -> None:
    for zone in kernel.zones:
        assert 0 < zone.wmark_min < zone.wmark_low < zone.wmark_high
    total = sum(zone.managed for zone in kernel.zones)
    pages_min = int((total * 4 * 16) ** 0.5) // 4
    assert pages_min - 3 <= sum(zone.wmark_min for zone in kernel.zones) <= pages_min


def test_lower_zones_keep_a_reserve_from_requests_for_higher_ones(kernel: Kernel) -> None:
    dma, dma32 = kernel.zones[:2]
    assert list(dma.reserve_owner) == [0, dma32.managed // 256, dma32.managed // 256]
    assert list(dma32.reserve_owner) == [0, 0, 0]


@pytest.mark.parametrize(("flags", "parts"), [(gfp.GFP_KERNEL, 8), (gfp.GFP_ATOMIC, 3)])
@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("more", range(8))
def test_a_block_must_leave_the_mark_which_is_lower_for_urgent_requests(
    kernel: Kernel, flags: int, parts: int, order: int, more: int
) -> None:
    """Not more than the block's last page may lie below the mark (__zone_watermark_ok); atomic requests have 3/8."""
    zone, cpu, pages = kernel.zones[2], kernel.machine.cpus[2], kernel.page_allocator
    zone.wmark_min = zone.wmark_low = 8 * ((zone.free_pages() - 500) // parts) + more
    mark = zone.wmark_min
    if parts == 3:
        mark -= mark >> 1
        mark -= mark >> 2
    while pages.alloc_pages(cpu, flags | gfp.THISNODE, order, 1) >= 0:
        pass
    left = zone.free_pages()
    assert mark <= left < mark + (1 << order)

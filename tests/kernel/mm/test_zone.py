import pytest

from simslab.kernel.kernel import Kernel
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

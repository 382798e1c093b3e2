"""Free pages are taken out of the direct map, and whoever reaches for one is told."""

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.debug_pagealloc import DirectMap
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine


@pytest.fixture
def kernel():
    kernel = Kernel(build_machine(load_machine("one-node", ["tlb.direct_map=4K"])))
    kernel.page_allocator.direct_map = DirectMap()
    return kernel


def test_a_page_is_mapped_from_its_allocation_to_its_free(kernel):
    cpu, direct_map = kernel.machine.cpus[0], kernel.page_allocator.direct_map
    pfn = kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL, 1, 0)
    direct_map.check(pfn << 12, 8192, "read access")
    kernel.page_allocator.free_pages(cpu, pfn, 1)
    assert {pfn, pfn + 1} <= direct_map.absent
    with pytest.raises(KernelBugError, match=f"page fault for address {(pfn + 1) << 12:#x}"):
        direct_map.check((pfn + 1) << 12, 8, "read access")
    assert kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL, 1, 0) == pfn
    assert direct_map.absent == set()


def test_an_access_that_only_ends_in_an_unmapped_page_faults_where_that_begins(kernel):
    direct_map = kernel.page_allocator.direct_map
    direct_map.kernel_map_pages(kernel.machine.cpus[0], 8, 1, False)
    direct_map.check(7 << 12, 4096, "write access")
    with pytest.raises(KernelBugError, match=r"0x8000 \(write access\)"):
        direct_map.check((7 << 12) + 4090, 8, "write access")


def test_mapping_costs_time_and_the_translations_of_this_core_alone(kernel):
    cpu, other = kernel.machine.cpus[0], kernel.machine.cpus[-1]
    for each in (cpu, other):
        each.read(1 << 20)
    before, walks = cpu.now, kernel.machine.tlb.walks
    kernel.page_allocator.direct_map.kernel_map_pages(cpu, 8, 1, False)
    assert cpu.now > before
    other.read(1 << 20)
    assert kernel.machine.tlb.walks == walks
    cpu.read(1 << 20)
    assert kernel.machine.tlb.walks == walks + 1

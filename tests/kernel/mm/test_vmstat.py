from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp


def test_pages_of_the_own_node_are_hits_and_local_and_others_are_not(kernel: Kernel) -> None:
    pages = kernel.page_allocator
    pages.alloc_pages(kernel.machine.cpus[0], gfp.GFP_KERNEL, 0, 0)
    pages.alloc_pages(kernel.machine.cpus[2], gfp.GFP_KERNEL, 0, 0)
    row = pages.numastat()[0]
    assert (row["numa_hit"], row["local_node"], row["other_node"]) == (2, 1, 1)

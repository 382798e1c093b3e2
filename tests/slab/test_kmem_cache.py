from array import array

import pytest

from simslab.base import buffers
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import LockStats
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions
from simslab.slab.kmem_cache import AlienTable, ArrayCache, KmemCache


def test_an_array_tells_its_entries_from_bottom_to_top():
    objects = ArrayCache(0x1000, 4, 2)
    for objp in (0x40, 0x80):
        objects.owner[objects.avail] = objp
        objects.avail += 1
    assert objects.entries() == [0x40, 0x80]


def test_arrays_that_share_a_storage_have_their_entries_one_behind_the_other():
    storage = buffers.int64_zeros(6)
    arrays = [ArrayCache(0x1000 * i, 3, 2, storage, 3 * i) for i in range(2)]
    for word in range(6):
        storage[word] = word
    for each in arrays:
        each.avail = 3
    assert [each.entries() for each in arrays] == [[0, 1, 2], [3, 4, 5]]


def test_a_new_cache_has_no_node_yet():
    cache = KmemCache(1, 0, "files", 2)
    assert cache.node == [None, None]
    with pytest.raises(KernelBugError, match="cache files has no structure for node 1"):
        cache.get_node(1)


def test_a_debug_counter_wraps_below_zero_as_in_the_kernel():
    """The first object of a slab that another node's request made goes uncounted, its freeing does not."""
    allocator = new_system("2n8c", SlabOptions(debug_slab=True))
    cpu = allocator.kernel.machine.cpus[0]
    cache = allocator.kmem_cache_create("files", 1000)
    objp = allocator.kmem_cache_alloc_node(cpu, cache, gfp.GFP_KERNEL, 1)
    assert cache.num_active == 0
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.kmem_cache_shrink(cpu, cache)
    assert cache.num_active == (1 << 64) - 1


def test_an_alien_table_has_an_array_for_each_other_node_from_the_first_look_on():
    table = AlienTable(3, 12, LockStats().lock_class("files:alien_lock"))
    table.addresses[1:] = array("q", [0x1000, 0x2000])
    assert table.made == [None] * 3
    assert table.get(0) is None
    assert table.get(2) is table[2]
    assert [alien and (alien.addr, alien.ac.limit) for alien in table] == [None, (0x1000, 12), (0x2000, 12)]
    assert table.made == list(table)

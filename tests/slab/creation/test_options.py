from simslab.conform.topologies import new_system
from simslab.slab.creation.options import SlabOptions


def test_little_memory_keeps_slabs_to_one_page():
    assert SlabOptions().effective_max_order(32 << 20) == 0
    assert SlabOptions().effective_max_order((32 << 20) + 4096) == 1


def test_the_boot_parameter_wins_within_bounds():
    assert SlabOptions(slab_max_order=3).effective_max_order(1 << 20) == 3
    assert SlabOptions(slab_max_order=99).effective_max_order(1 << 20) == 10


def test_slab_max_order_bounds_the_slabs_of_new_caches():
    orders = [
        new_system("1n1c", SlabOptions(slab_max_order=order)).kmem_cache_create("c", 1400).gfporder
        for order in (0, 1, 3)
    ]
    assert orders == [0, 1, 2]


def test_slab_nomerge_gives_every_request_a_cache_of_its_own():
    def two_alike(**options):
        allocator = new_system("1n1c", SlabOptions(**options))
        return allocator.kmem_cache_create("first", 200) is allocator.kmem_cache_create("second", 200)

    assert two_alike()
    assert not two_alike(slab_nomerge=True)
    assert not two_alike(debug_slab=True)  # red zones and poison are never shared either

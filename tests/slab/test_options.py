from simslab.slab.options import SlabOptions


def test_little_memory_keeps_slabs_to_one_page():
    assert SlabOptions().effective_max_order(32 << 20) == 0
    assert SlabOptions().effective_max_order((32 << 20) + 4096) == 1


def test_the_boot_parameter_wins_within_bounds():
    assert SlabOptions(slab_max_order=3).effective_max_order(1 << 20) == 3
    assert SlabOptions(slab_max_order=99).effective_max_order(1 << 20) == 10

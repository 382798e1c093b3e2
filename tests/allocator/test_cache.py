from simslab.allocator.cache import Cache


def test_a_new_cache_has_a_name_and_an_address_and_no_objects_yet():
    cache = Cache(3, 0x1000, "files")
    assert (cache.index, cache.addr, cache.name) == (3, 0x1000, "files")
    assert cache.random_seq_addr == 0
    assert (cache.size, cache.object_size, cache.refcount, cache.random_seq) == (0, 0, 0, None)

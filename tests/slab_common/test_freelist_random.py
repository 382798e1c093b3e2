from simslab.allocator.cache import Cache
from simslab.slab_common.freelist_random import FreelistRandom


def cache(name="files"):
    return Cache(1, 0, name)


def test_a_cache_draws_its_sequence_once():
    random, files = FreelistRandom(1), cache()
    random.cache_random_seq_create(files, 20)
    first = list(files.random_seq)
    random.cache_random_seq_create(files, 20)
    assert files.random_seq == first != list(range(20))
    assert sorted(first) == list(range(20))


def test_a_single_object_has_no_sequence():
    files = cache()
    FreelistRandom(1).cache_random_seq_create(files, 1)
    assert files.random_seq is None


def test_slabs_begin_somewhere_in_the_sequence():
    random, files = FreelistRandom(1), cache()
    random.cache_random_seq_create(files, 5)
    doubled = files.random_seq * 2
    orders = [random.order(files, 5) for _ in range(20)]
    assert all(order == doubled[(at := doubled.index(order[0])) : at + 5] for order in orders)
    assert len({order[0] for order in orders}) > 1


def test_before_a_cache_has_a_sequence_each_slab_draws_its_own():
    random, files = FreelistRandom(1), cache()
    orders = [random.order(files, 30) for _ in range(2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == list(range(30))


def test_caches_do_not_disturb_each_other():
    alone, beside = FreelistRandom(1), FreelistRandom(1)
    beside.order(cache("inodes"), 30)
    assert alone.order(cache(), 30) == beside.order(cache(), 30)

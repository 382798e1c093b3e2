from simslab.allocator.cache import Cache
from simslab.kernel.errno import ENOMEM
from simslab.kernel.mm import gfp
from simslab.slab_common.freelist_random import FreelistRandom, cache_random_seq_destroy


class Kmalloc:
    """Notes what is asked for and given back; `addr` is what everybody gets."""

    def __init__(self, addr=0x5000):
        self.addr, self.asked, self.freed = addr, [], []

    def kmalloc(self, cpu, size, flags):
        self.asked.append((size, flags))
        return self.addr

    def kfree(self, cpu, objp):
        self.freed.append(objp)


def cache(name="files"):
    return Cache(1, 0, name)


def create(random, files, count, slab=None):
    return random.cache_random_seq_create(slab or Kmalloc(), None, files, count, gfp.GFP_NOWAIT)


def test_a_cache_draws_its_sequence_once_and_asks_for_its_memory():
    random, files, slab = FreelistRandom(1), cache(), Kmalloc()
    assert create(random, files, 20, slab) == 0
    first = list(files.random_seq)
    assert create(random, files, 20, slab) == 0
    assert files.random_seq == first != list(range(20))
    assert sorted(first) == list(range(20))
    assert slab.asked == [(80, gfp.GFP_NOWAIT | gfp.ZERO)]


def test_a_single_object_has_no_sequence_and_needs_no_memory():
    files, slab = cache(), Kmalloc()
    assert create(FreelistRandom(1), files, 1, slab) == 0
    assert files.random_seq is None
    cache_random_seq_destroy(slab, None, files)
    assert (slab.asked, slab.freed) == ([], [])


def test_without_memory_there_is_no_sequence():
    files = cache()
    assert create(FreelistRandom(1), files, 20, Kmalloc(0)) == -ENOMEM
    assert files.random_seq is None


def test_the_memory_of_a_sequence_is_given_back_once():
    files, slab = cache(), Kmalloc()
    create(FreelistRandom(1), files, 20, slab)
    for _ in range(2):
        cache_random_seq_destroy(slab, None, files)
    assert slab.freed == [0x5000]
    assert files.random_seq is None


def test_slabs_begin_somewhere_in_the_sequence():
    random, files = FreelistRandom(1), cache()
    create(random, files, 5)
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

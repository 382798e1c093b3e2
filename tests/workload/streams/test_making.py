import pytest

from simslab.base.errors import BadValue
from simslab.workload.description.patterns import AllocFree
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.streams import making as module
from simslab.workload.streams import operations as ops
from simslab.workload.streams.making import Making


def making(scale=1.0):
    return Making(CpuPlaces((0, 0, 1, 1), 2), 2_000_000_000, seed=1, scale=scale)


def step(**what):
    return AllocFree.model_validate({"pattern": "alloc_free", "operations": 10, **what})


def rows(made):
    return made.program.kinds.rows().reshape(-1, ops.NR_FIELDS).tolist()


def test_a_scale_multiplies_operations_but_leaves_one_at_least():
    assert making(2.5).scaled(10) == 25
    assert making(0.001).scaled(10) == 1


def test_operations_of_all_threads_are_bounded_together():
    made = making()
    made.scaled(module.MAX_OPERATIONS // 2)
    with pytest.raises(BadValue, match="operations up to here"):
        made.scaled(module.MAX_OPERATIONS // 4 + 1, times=2)


def test_operations_that_no_scale_changes_are_bounded_with_the_others():
    made = making(0.001)
    made.scaled(1000)
    with pytest.raises(BadValue, match="operations up to here"):
        made.counted(module.MAX_OPERATIONS)


def test_each_name_has_a_random_stream_of_its_own():
    made = making()
    first, again, other = (made.random("a", i).integers(1 << 40) for i in (0, 0, 1))
    assert first == again != other


def test_a_cache_has_one_kind_of_allocation():
    made = making()
    kinds = made.alloc_kinds(step(cache="files", touch=64, gfp="GFP_ATOMIC"), 5, made.random("a"))
    assert len(set(kinds.reader()(5).tolist())) == 1
    (row,) = rows(made)
    assert (row[ops.OPCODE], row[ops.CACHE], row[ops.TOUCH_BYTES], row[ops.NODE]) == (ops.ALLOC, 0, 64, -1)


def test_kmalloc_has_a_kind_for_each_size_and_touches_no_more_than_it():
    made = making()
    made.alloc_kinds(step(kmalloc={"uniform": [10, 12]}, touch=11), 200, made.random("a"))
    found = [(row[ops.SIZE], row[ops.TOUCH_BYTES]) for row in rows(made)]
    assert found == [(10, 10), (11, 11), (12, 11)]


def test_a_node_that_the_machine_has_not_got_is_refused():
    with pytest.raises(BadValue, match="the machine has no node 2"):
        making().node(step(kmalloc=64, node=2))


def test_objects_are_freed_the_way_they_were_allocated():
    made = making()
    assert made.free_way(step(kmalloc=64)) == (ops.KFREE, -1)
    assert made.free_way(step(cache="files")) == (ops.FREE, made.program.cache("files"))

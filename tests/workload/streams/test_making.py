"""What a program in the making says of counts, nodes, kinds and random streams."""

import numpy as np
import pytest
from stream_programs import GHZ, group, operations_of, places, program

from simslab.base.errors import BadValue
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.quantities import Objects
from simslab.workload.streams import making as making_module
from simslab.workload.streams import operations as ops
from simslab.workload.streams.making import Making

CHURN = {"pattern": "alloc_free", "kmalloc": 64, "operations": 200, "live": 7}


@pytest.fixture
def making():
    return Making(places(), GHZ, seed=1, scale=1.0)


def objects(**more):
    return Objects.model_validate({"kmalloc": 64} | more if "cache" not in more else more)


def rows(making, kinds):
    table = making.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    return [tuple(table[kind].tolist()) for kind in kinds]


def test_scale_multiplies_the_operations():
    assert len(operations_of(program(group(CHURN), scale=0.1), 0)) == 20


@pytest.mark.parametrize(
    ("step", "each"),
    [
        (CHURN, 200),
        ({"pattern": "alloc", "name": "kept", "kmalloc": 64, "count": 70}, 70),
        ({"pattern": "bulk", "cache": "filp", "size": 4, "repeat": 60}, 60),
        ({"pattern": "work", "time": "1 us", "repeat": 50}, 50),
        ({"pattern": "lifetimes", "kmalloc": 64, "objects": 40, "lifetime": 5}, 40),
        ({"pattern": "bleed", "kmalloc": 64, "live": 4, "rounds": 2, "replacements": 15}, 30),
    ],
    ids=lambda value: value["pattern"] if isinstance(value, dict) else "",
)
def test_the_limit_counts_each_operation_of_each_thread_once(step, each, monkeypatch):
    threads = 4
    monkeypatch.setattr(making_module, "MAX_OPERATIONS", each * threads)
    program(group(step, cpus=f"first {threads}"))
    monkeypatch.setattr(making_module, "MAX_OPERATIONS", each * threads - 1)
    with pytest.raises(BadValue, match=f"^{each * threads:,} operations up to here"):
        program(group(step, cpus=f"first {threads}"))


@pytest.mark.parametrize(("scale", "count", "scaled"), [(1.0, 7, 7), (0.1, 26, 3), (0.001, 5, 1), (2.5, 3, 8)])
def test_a_scaled_count_is_rounded_and_never_nothing(scale, count, scaled):
    assert Making(places(), GHZ, 1, scale).scaled(count) == scaled


def test_a_cache_is_freed_through_itself_and_kmalloc_memory_by_kfree(making):
    cached = making.free_way(objects(cache="c"))
    assert (cached, making.free_way(objects())) == ((ops.FREE, making.program.cache("c")), (ops.KFREE, -1))


def test_an_allocation_carries_what_the_step_says_of_it(making):
    wanted = objects(cache="c", gfp="GFP_ATOMIC", node=1, touch=100, think="5 us")
    (row,) = rows(making, making.alloc_kinds(wanted, 1, making.random("x")))
    assert row == (ops.ALLOC, making.program.cache("c"), 0, 0xA20, 1, 100, 5000, 0)


def test_sizes_are_drawn_and_no_more_is_touched_than_there_is(making):
    wanted = objects(kmalloc={"choice": {8: 1, 200: 1}}, touch=100)
    drawn = rows(making, making.alloc_kinds(wanted, 400, making.random("x")))
    assert {(row[ops.SIZE], row[ops.TOUCH_BYTES]) for row in drawn} == {(8, 8), (200, 100)}
    assert 120 < sum(row[ops.SIZE] == 8 for row in drawn) < 280


def test_a_free_touches_no_more_than_the_smallest_size_has(making):
    wanted = objects(kmalloc={"uniform": [16, 200]}, touch=100)
    (row,) = rows(making, [making.own_free(wanted)])
    assert (row[ops.OPCODE], row[ops.TOUCH_BYTES]) == (ops.KFREE, 16)


def test_a_node_is_asked_for_by_its_own_number():
    sparse = Making(CpuPlaces((0, 1), 2, (3, 7)), GHZ, 1, 1.0)
    assert [sparse.node(objects(node=node)) for node in (3, 7, "any")] == [0, 1, -1]
    with pytest.raises(BadValue, match="the machine has no node 0") as error:
        sparse.node(objects(node=0))
    assert error.value.faults[0].at == ("node",)


def test_every_name_has_a_random_stream_of_its_own(making):
    drawn = [
        making.random(*name).integers(1 << 40, size=4).tolist() for name in (("a", 0), ("a", 1), ("b", 0), ("a", 0))
    ]
    assert drawn[0] == drawn[3]
    assert len({tuple(each) for each in drawn}) == 3
    assert not np.array_equal(drawn[0], Making(places(), GHZ, 2, 1.0).random("a", 0).integers(1 << 40, size=4))

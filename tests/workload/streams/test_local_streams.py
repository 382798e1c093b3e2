"""What each thread's stream does to objects that are its own."""

import pytest
from stream_programs import EMPTIES, FILLS, check_order, group, operations_of, program, rows_of, run_serially

from simslab.base.errors import BadValue
from simslab.workload.streams import operations as ops

CHURN = {"pattern": "alloc_free", "kmalloc": 64, "operations": 200, "live": 7}
KEEP = {"pattern": "alloc", "kmalloc": 64, "count": 5}


@pytest.mark.parametrize("order", ["fifo", "lifo", "random"])
def test_a_private_loop_fills_and_empties_its_own_slots(order):
    made = program(group(CHURN | {"order": order}))
    slots = [{slot for _, slot in operations_of(made, t)} for t in range(2)]
    assert not slots[0] & slots[1]
    for thread in range(2):
        pairs = operations_of(made, thread)
        assert len(pairs) == 200
        assert len(check_order(pairs)) <= 7


def test_lifo_frees_the_newest_first_and_fifo_the_oldest():
    first = {}
    for order in ("fifo", "lifo"):
        pairs = operations_of(program(group(CHURN | {"order": order, "live": 3})), 0)
        base = pairs[0][1]
        first[order] = [slot - base for _, slot in pairs[:6]]
    assert first == {"fifo": [0, 1, 2, 0, 1, 2], "lifo": [0, 1, 2, 2, 1, 0]}


def test_objects_kept_by_all_others_are_freed_by_one():
    made = program(
        group({"pattern": "barrier"}, {"pattern": "free", "of": "rest", "name": "o"}, cpus="first 1"),
        group(
            {"pattern": "alloc", "kmalloc": 8, "count": 5, "name": "o"},
            {"pattern": "barrier"},
            name="rest",
            cpus="rest",
        ),
    )
    assert len(operations_of(made, 0)) == 5 * 7
    assert run_serially(made) == set()


def test_a_random_order_fills_what_is_empty_and_empties_what_is_full():
    pairs = operations_of(program(group(CHURN | {"order": "random", "operations": 2000, "live": 5})), 0)
    assert len({slot for _, slot in pairs}) == 5
    check_order(pairs)
    assert [slot for _, slot in pairs[:5]] != sorted({slot for _, slot in pairs})


@pytest.mark.parametrize(("order", "freed"), [("fifo", [0, 1, 2, 3, 4]), ("lifo", [4, 3, 2, 1, 0])])
def test_kept_objects_are_freed_in_the_order_asked_for(order, freed):
    pairs = operations_of(program(group(KEEP, {"pattern": "free", "order": order})), 0)
    base = pairs[0][1]
    assert [slot - base for opcode, slot in pairs if opcode in EMPTIES] == freed


def test_a_random_order_of_frees_loses_nothing():
    step = {"pattern": "alloc", "kmalloc": 64, "count": 200}
    pairs = operations_of(program(group(step, {"pattern": "free", "order": "random"})), 0)
    freed = [slot for opcode, slot in pairs if opcode in EMPTIES]
    assert sorted(freed) == [slot for opcode, slot in pairs if opcode in FILLS]
    assert freed != sorted(freed)


def test_objects_are_kept_under_the_name_of_their_step_and_freed_once():
    steps = [KEEP | {"name": "x"}, KEEP | {"name": "y", "count": 2}, {"pattern": "free", "name": "y"}]
    pairs = operations_of(program(group(*steps)), 0)
    freed = [slot for opcode, slot in pairs if opcode in EMPTIES]
    assert freed == [slot for opcode, slot in pairs if opcode in FILLS][5:]
    with pytest.raises(BadValue, match="keeps 'y' for this step"):
        program(group(*steps, {"pattern": "free", "name": "y"}))


def test_a_step_does_not_free_what_a_later_one_allocates():
    pairs = operations_of(program(group(KEEP, {"pattern": "free"}, KEEP | {"count": 3})), 0)
    assert [opcode in FILLS for opcode, _ in pairs] == [True] * 5 + [False] * 5 + [True] * 3


def test_another_groups_objects_are_shared_out_among_the_threads_that_free_them():
    made = program(
        group({"pattern": "barrier"}, {"pattern": "free", "of": "rest"}, cpus="first 2"),
        group(KEEP, {"pattern": "barrier"}, name="rest", cpus="last 3"),
    )
    assert [len(operations_of(made, thread)) for thread in (0, 1)] == [10, 5]
    assert run_serially(made) == set()


def test_bulk_calls_take_neighbouring_slots_and_the_last_what_is_left():
    keep = {"pattern": "alloc", "cache": "c", "count": 10, "bulk": 4}
    made = program(group(keep, {"pattern": "free", "bulk": 6}), caches={"c": {"size": 64}})
    calls = [(row[ops.OPCODE], slot, row[ops.COUNT]) for row, slot in rows_of(made, 0)]
    base = calls[0][1]
    assert [(opcode, slot - base, count) for opcode, slot, count in calls] == [
        (ops.BULK_ALLOC, 0, 4),
        (ops.BULK_ALLOC, 4, 4),
        (ops.BULK_ALLOC, 8, 2),
        (ops.BULK_FREE, 0, 6),
        (ops.BULK_FREE, 6, 4),
    ]


def test_a_free_by_the_step_that_allocates_touches_as_much_of_large_objects_as_of_small_ones():
    sizes = {"choice": {8: 1, 4096: 1}}
    made = program(group(CHURN | {"kmalloc": sizes, "touch": 1024, "order": "random"}))
    touched = {(row[ops.OPCODE], row[ops.SIZE]): row[ops.TOUCH_BYTES] for row, _ in rows_of(made, 0)}
    assert touched == {(ops.KMALLOC, 8): 8, (ops.KMALLOC, 4096): 1024, (ops.KFREE, 0): 1024}


def test_a_bulk_step_repeats_a_pair_of_calls():
    made = program(group({"pattern": "bulk", "cache": "c", "size": 16, "repeat": 3}), caches={"c": {"size": 64}})
    calls = [(row[ops.OPCODE], row[ops.COUNT]) for row, _ in rows_of(made, 0)]
    assert calls == [(ops.BULK_ALLOC, 16), (ops.BULK_FREE, 16)] * 3
    assert len({slot for thread in (0, 1) for _, slot in rows_of(made, thread)}) == 2


def test_work_is_a_time_of_each_thread():
    made = program(group({"pattern": "work", "time": "3 us", "repeat": 2}))
    for thread in (0, 1):
        assert [(row[ops.OPCODE], cycles) for row, cycles in rows_of(made, thread)] == [(ops.WORK, 3000)] * 2


def test_a_shrink_is_called_by_the_first_thread_only():
    made = program(group({"pattern": "shrink", "cache": "c"}), caches={"c": {"size": 64}})
    assert [[row[ops.OPCODE] for row, _ in rows_of(made, thread)] for thread in (0, 1)] == [[ops.SHRINK], []]

import pytest

from simslab.base.errors import BadValue
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import MAX_SLOTS, KindTable, Program, SlotSpace, joined, unpack


def test_equal_kinds_have_one_number():
    kinds = KindTable()
    numbers = [kinds.number(kind) for kind in (ops.Kind(ops.WORK), ops.Kind(ops.SHRINK), ops.Kind(ops.WORK))]
    assert numbers == [0, 1, 0]
    assert kinds.rows().reshape(-1, ops.NR_FIELDS)[:, ops.OPCODE].tolist() == [ops.WORK, ops.SHRINK]


def test_the_table_of_no_kinds_is_a_row_all_the_same():
    assert len(KindTable().rows()) == ops.NR_FIELDS


def test_more_kinds_than_words_can_name_are_refused():
    kinds = KindTable()
    kinds.numbers = dict.fromkeys(range(ops.KIND_MASK + 1), 0)
    with pytest.raises(BadValue, match="more than 1048576 kinds"):
        kinds.number(ops.Kind(ops.WORK))


def test_slots_are_handed_out_once():
    slots = SlotSpace()
    assert (slots.take(3), slots.take(2), slots.size) == (0, 3, 5)


def test_more_slots_than_tables_hold_are_refused():
    slots = SlotSpace()
    slots.take(MAX_SLOTS)
    with pytest.raises(BadValue, match="268,435,457 objects at a time up to here"):
        slots.take(1)


def test_words_are_unpacked_to_what_they_were_made_of():
    words = Program().words([1, ops.KIND_MASK], [ops.MAX_ARGUMENT, 7])
    kinds, arguments = unpack(words)
    assert kinds.tolist() == [1, ops.KIND_MASK]
    assert arguments.tolist() == [ops.MAX_ARGUMENT, 7]


def test_names_are_numbered_in_order_of_first_use():
    program = Program()
    assert [program.cache(name) for name in ("a", "b", "a")] == [0, 1, 0]
    assert [program.phase(name) for name in ("x", "x", "y")] == [0, 0, 1]


def test_each_barrier_is_a_new_one():
    program = Program()
    assert (program.barrier(2), program.barrier(5), program.parties) == (0, 1, [2, 5])


def test_nothing_joined_is_an_empty_stream():
    assert len(joined([])) == 0

"""The tables that operation words refer to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.errors import BadValue
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import DeviceProgram, KindTable, Program, SlotSpace, joined, unpack


def test_kinds_are_numbered_in_order_of_first_use():
    table = KindTable()
    first, second = ops.kind(ops.ALLOC, 3, gfp=0xCC0), ops.kind(ops.KFREE)
    assert [table.number(kind) for kind in (first, second, first)] == [0, 1, 0]
    assert table.rows().reshape(-1, ops.NR_FIELDS).tolist() == [list(first), list(second)]


def test_a_table_without_kinds_has_a_row_that_nobody_uses():
    assert len(KindTable().rows()) == ops.NR_FIELDS


def test_more_kinds_than_a_word_can_tell_are_refused(monkeypatch):
    monkeypatch.setattr(ops, "KIND_MASK", 1)
    table = KindTable()
    table.number(ops.kind(ops.KMALLOC, size=1))
    table.number(ops.kind(ops.KMALLOC, size=2))
    with pytest.raises(BadValue, match="more than 2 kinds"):
        table.number(ops.kind(ops.KMALLOC, size=3))


def test_ranges_of_slots_do_not_overlap():
    space = SlotSpace()
    assert [space.take(count) for count in (3, 1, 4)] == [0, 3, 4]
    assert space.size == 8


@given(st.lists(st.tuples(st.integers(0, ops.KIND_MASK), st.integers(0, ops.MAX_ARGUMENT)), min_size=1))
def test_a_word_holds_its_kind_and_its_argument(pairs):
    words = Program().words([kind for kind, _ in pairs], [argument for _, argument in pairs])
    kinds, arguments = unpack(words)
    assert list(zip(kinds.tolist(), arguments.tolist(), strict=True)) == pairs


def test_one_kind_serves_many_arguments():
    kinds, arguments = unpack(Program().words(5, [1, 2, 3]))
    assert (kinds.tolist(), arguments.tolist()) == ([5, 5, 5], [1, 2, 3])


def test_names_have_one_number_each_and_barriers_are_always_new():
    program = Program()
    assert [program.cache(name) for name in ("a", "b", "a")] == [0, 1, 0]
    assert [program.phase(name) for name in ("x", "y", "x")] == [0, 1, 0]
    assert [program.barrier(parties) for parties in (2, 2)] == [0, 1]
    assert program.parties == [2, 2]


def test_a_device_has_a_burst_of_packets_in_each_interrupt():
    words = np.zeros(3, dtype=np.int64)
    assert DeviceProgram("nic", 0, words, 4, words, 1, 0, 8).packets == 12


def test_parts_follow_one_another_and_nothing_is_a_stream_too():
    assert joined([np.array([1, 2]), np.array([3])]).tolist() == [1, 2, 3]
    assert joined([]).dtype == np.int64

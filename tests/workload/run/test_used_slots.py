"""Slots that are used once: their memory goes back to the host when they are used up, and not before."""

import itertools
import types

import numpy as np
import pytest

from simslab.base import buffers
from simslab.workload.run.used_slots import BLOCK, EVERY, TRIED, UsedSlots, shared_blocks, whole_blocks
from simslab.workload.streams import operations as ops


@pytest.fixture
def slots():
    return types.SimpleNamespace(slots_owner=buffers.int64_sparse(8 * BLOCK * ops.SLOT_FIELDS))


def field(slots, name):
    """One field of all slots."""
    return np.asarray(slots.slots_owner)[getattr(ops, name) :: ops.SLOT_FIELDS]


def used(slots, block, count=BLOCK):
    """Let so many slots of a block be filled and emptied again."""
    first = block * BLOCK
    field(slots, "SLOT_SINCE")[first : first + count] = 5
    field(slots, "SLOT_CACHE")[first : first + count] = 3


def left(slots):
    """The blocks of which something is left in a table."""
    return np.flatnonzero(field(slots, "SLOT_CACHE").reshape(-1, BLOCK).any(axis=1)).tolist()


def test_blocks_that_are_used_up_are_given_back(slots):
    looking = UsedSlots([range(8 * BLOCK)], slots)
    used(slots, 0), used(slots, 1), used(slots, 2, BLOCK - 1)
    looking.sweep()
    assert left(slots) == [2]
    assert looking.forgotten == 2 * BLOCK
    used(slots, 2)
    looking.sweep()
    assert left(slots) == []


def test_a_block_with_an_object_or_a_failed_allocation_in_it_is_kept(slots):
    looking = UsedSlots([range(8 * BLOCK)], slots)
    used(slots, 0), used(slots, 1)
    address = field(slots, "SLOT_ADDRESS")
    address[7], address[BLOCK + 7] = 0x1000, ops.FAILED
    looking.sweep()
    assert left(slots) == [0, 1]
    address[7] = ops.EMPTY
    looking.sweep()
    assert left(slots) == [1]


def test_each_range_is_looked_at_from_its_own_beginning(slots):
    looking = UsedSlots([range(4 * BLOCK), range(4 * BLOCK, 8 * BLOCK)], slots)
    used(slots, 4)
    looking.sweep()
    assert left(slots) == []


def test_slots_used_again_and_again_are_left_alone(slots):
    looking = UsedSlots([range(2 * BLOCK, 3 * BLOCK)], slots)
    used(slots, 0), used(slots, 2)
    looking.sweep()
    assert left(slots) == [0]


def test_many_blocks_that_stay_in_use_do_not_make_a_sweep_long(slots, monkeypatch):
    looking = UsedSlots([range(8 * BLOCK)], slots)
    looking.begun.extend([0] * (2 * TRIED))
    asked = []
    monkeypatch.setattr(looking, "_used_up", lambda block: asked.append(block) or False)
    looking.sweep()
    assert len(asked) == TRIED
    assert len(looking.begun) == 2 * TRIED


def test_a_sweep_comes_after_so_many_words(slots, monkeypatch):
    looking = UsedSlots([range(8 * BLOCK)], slots)
    used(slots, 0)
    looking.after(EVERY - 1)
    assert left(slots) == [0]
    looking.after(1)
    assert left(slots) == []


def test_only_whole_blocks_are_given_back():
    assert list(whole_blocks(range(1, 3 * BLOCK + 5))) == [BLOCK, 2 * BLOCK]
    assert list(whole_blocks(range(1, BLOCK))) == []


def test_a_block_in_which_ranges_follow_one_another_is_given_back_by_itself(slots):
    middle = 2 * BLOCK + 100
    looking = UsedSlots([range(middle), range(middle, 3 * BLOCK)], slots)
    used(slots, 2)
    looking.sweep()
    assert left(slots) == []


def test_blocks_of_several_ranges_are_told_one_by_one():
    ends = [0, BLOCK // 2, 2 * BLOCK, 2 * BLOCK + 7, 5 * BLOCK + 9]
    ranges = [range(first, last) for first, last in itertools.pairwise(ends)]
    assert [list(blocks) for blocks in shared_blocks(ranges)] == [[0], [2 * BLOCK]]


def test_a_block_with_slots_of_nobody_between_ranges_is_kept():
    assert shared_blocks([range(BLOCK // 2), range(BLOCK // 2 + 1, BLOCK)]) == []
    assert shared_blocks([]) == []

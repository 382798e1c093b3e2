import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simslab.workload.trace.object_table import ObjectTable


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 6)), max_size=80), st.integers(1, 9))
def test_slots_are_those_of_a_dict_of_live_objects(events, block):
    table, slots = ObjectTable(block), []
    for begin in range(0, len(events), block):
        part = events[begin : begin + block]
        np.asarray(table.frees_owner)[: len(part)] = [free for free, _ in part]
        np.asarray(table.ptr_owner)[: len(part)] = [ptr for _, ptr in part]
        table.pair(len(part))
        slots += np.asarray(table.slot_owner)[: len(part)].tolist()
    live, gone, expected, count = {}, set(), [], 0
    told = dict.fromkeys(("failed", "null", "before", "twice", "reused"), 0)
    for free, ptr in events:
        slot = -1
        if ptr == 0:
            told["null" if free else "failed"] += 1
        elif not free:
            slot, count = count, count + 1
            told["reused"] += ptr in live
            live.update({} if ptr == -1 else {ptr: slot})
        elif ptr in live:
            slot = live.pop(ptr)
            gone.add(ptr)
        else:
            told["twice" if ptr in gone else "before"] += 1
        expected.append(slot)
    assert slots == expected
    assert table.nr_slots == count
    counted = (table.failed_allocations, table.frees_of_null, table.frees_before, table.freed_twice, table.reused)
    assert counted == tuple(told.values())


def test_frees_of_what_kmalloc_of_nothing_returned_are_counted_apart():
    table = ObjectTable(2)
    np.asarray(table.frees_owner)[:] = 1
    np.asarray(table.ptr_owner)[:] = [16, 17]
    table.pair(2)
    assert (table.frees_of_nothing, table.frees_before) == (1, 1)

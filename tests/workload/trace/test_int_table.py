import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simslab.workload.trace.int_table import IntTable, numbered

KEYS = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-8, 8)


@given(st.lists(st.tuples(KEYS, st.integers(0, 1 << 40)), max_size=200))
def test_a_table_holds_what_a_dict_holds(entries):
    table, shadow = IntTable(4), {}
    for key, value in entries:
        assert table.get(key) == shadow.get(key, -1)
        table.put(key, value)
        shadow[key] = value
    assert {key: table.get(key) for key in shadow} == shadow
    assert table.used == len(shadow)


@given(st.lists(KEYS, max_size=200))
def test_keys_are_numbered_in_order_of_appearance(keys):
    distinct, numbers = numbered(np.array(keys, dtype=np.int64))
    assert distinct.tolist() == list(dict.fromkeys(keys))
    assert distinct[numbers].tolist() == keys


def test_a_table_that_grew_finds_everything():
    table = IntTable(4)
    for key in range(0, 1 << 20, 4096):
        table.number(key)
    assert [table.get(key) for key in range(0, 1 << 20, 4096)] == list(range(256))
    assert table.in_order().tolist() == list(range(0, 1 << 20, 4096))

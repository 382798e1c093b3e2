import pytest

from simslab.api.columns import Columns


def test_rows_are_chosen_by_value():
    table = Columns({"a": ["x", "y", "x"], "n": [1, 2, 3]})
    assert table.where(a="x")["n"].tolist() == [1, 3]
    assert table.where(a="z").rows == 0
    with pytest.raises(KeyError):
        table.where(b=1)


def test_columns_are_copies():
    import numpy as np

    mine = np.array([1, 2])
    table = Columns({"n": mine})
    mine[0] = 9
    assert table["n"].tolist() == [1, 2]


def test_a_long_table_is_told_short():
    text = repr(Columns({"n": range(1000)}))
    assert len(text.splitlines()) == 13
    assert "990 more rows" in text
    assert repr(Columns({"n": []})) == "no rows of n"

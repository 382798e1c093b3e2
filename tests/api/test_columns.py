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


def test_what_is_absent_among_numbers_is_nan_and_among_words_none():
    table = Columns({"n": [1.5, None, 2], "w": ["a", None, "b"], "none": [None, None, None], "b": [True, None, 1]})
    assert table["n"].dtype == float
    assert table["n"][1] != table["n"][1]
    assert [table[name].dtype for name in ("w", "none", "b")] == [object] * 3

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.build import running_build
from simslab.machine.memory.line_table import LineTable


def test_a_new_row_is_zero_and_keeps_what_is_written():
    table = LineTable(2, 3, pages=1)
    row = table.row(1, 77)
    assert list(table.owner[row : row + 3]) == [0, 0, 0]
    table.owner[row + 2] = 5
    assert table.row(1, 77) == row
    assert table.owner[row + 2] == 5


@pytest.mark.parametrize(("instances", "width", "beside"), [(3, 2, True), (16, 1, True), (9, 2, False), (17, 1, False)])
def test_instances_have_rows_of_their_own_side_by_side_if_they_fit_two_lines_of_the_hosts(instances, width, beside):
    table = LineTable(instances, width)
    rows = [table.row(instance, 77) for instance in range(instances)]
    assert len(set(rows)) == instances
    assert (
        rows == [rows[0] + width * i for i in range(instances)] and rows[0] % 16 + instances * width <= 16
    ) == beside


@pytest.mark.parametrize("width", [2, 8])  # side by side, or in blocks of their own
@given(st.sets(st.tuples(st.integers(0, 2), st.integers(1, 2**42)), max_size=200))
def test_growing_loses_nothing_and_leaves_every_row_where_it_was(width, keys):
    table = LineTable(3, width, pages=1)
    rows = {}
    for instance, line in keys:
        rows[instance, line] = table.row(instance, line)
        table.owner[rows[instance, line] + 1] = line * 3 + instance
    assert len(set(rows.values())) == len(keys)
    assert {key: table.row(*key) for key in keys} == rows
    assert all(table.owner[row + 1] == line * 3 + instance for (instance, line), row in rows.items())
    assert table.used == len({(instance if width == 8 else 0, line >> 6) for instance, line in keys})


def test_rows_of_neighbouring_lines_lie_side_by_side():
    table = LineTable(1, 2)
    first = table.row(0, 128)
    assert [table.row(0, 128 + i) for i in range(64)] == [first + 2 * i for i in range(64)]


def full_table(pages):
    """A table whose next page makes it grow, and the first row of each page that it has."""
    table = LineTable(1, 2, pages=pages)
    return table, [table.row(0, page << 6) for page in range(pages)]


def test_a_table_that_cannot_grow_stays_as_it_was(monkeypatch):
    table, rows = full_table(4)
    with monkeypatch.context() as patch:
        patch.setattr("simslab.machine.memory.line_table.np.zeros", no_memory)
        with pytest.raises(MemoryError):
            table.row(0, 4 << 6)
    assert (table.pages, table.used, len(table.owner)) == (4, 4, 4 * 64 * 2)
    assert [table.row(0, page << 6) for page in range(4)] == rows
    assert table.row(0, 4 << 6) == 4 * 64 * 2


def no_memory(*arguments, **options):
    raise MemoryError


@pytest.mark.skipif(running_build().kind == "plain", reason="plain Python runs nothing else")
def test_growing_runs_no_python_in_which_an_interrupt_could_be_raised():
    table, _ = full_table(4)
    frames = []
    sys.setprofile(lambda frame, event, _: frames.append(frame.f_code.co_name) if event == "call" else None)
    table.row(0, 4 << 6)
    sys.setprofile(None)
    assert table.pages == 8
    assert frames == []

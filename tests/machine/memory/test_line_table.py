from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory.line_table import LineTable


def test_a_new_row_is_zero_and_keeps_what_is_written():
    table = LineTable(16)
    row = table.row(77)
    assert list(table.owner[row : row + 4]) == [77, 0, 0, 0]
    table.owner[row + 2] = 5
    assert table.row(77) == row
    assert table.owner[row + 2] == 5


@given(st.sets(st.integers(1, 2**45), max_size=300))
def test_growing_loses_nothing(lines):
    table = LineTable(16)
    for line in lines:
        row = table.row(line)
        table.owner[row + 1] = line + 1
    assert table.used == len(lines)
    assert all(table.owner[table.row(line) + 1] == line + 1 for line in lines)
    assert table.used == len(lines)


def test_consecutive_lines_spread_over_the_table():
    table = LineTable(4096)
    slots = {table.row(line) for line in range(1, 1025)}
    assert len(slots) == 1024
    assert max(slots) - min(slots) > 4096 * 4 // 2

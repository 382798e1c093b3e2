"""perf c2c's table of shared lines: its columns, its order, its sums."""

from logged_runs import logged

from simslab.report.views.perf_c2c import perf_c2c_text
from simslab.workload.run.lines.line_log import LineLog


def rows(text):
    """Return each line of the table as its columns, and what lies in the line."""
    lines = [line for line in text.splitlines() if line[:7].strip().isdigit()]
    dots = next(line for line in text.splitlines() if line.startswith("# ....."))
    width = len(dots)
    return [(line[:width].split(), line[width:].strip()) for line in lines]


def test_columns_stand_below_their_heads():
    text = perf_c2c_text(logged()[1].lines)
    lines = text.splitlines()
    assert lines[1] == "           Shared Data Cache Line Table          "
    heads, dots = lines[5], lines[6]
    assert len(heads) == len(dots)
    assert [len(part) for part in dots.split()[2:]] == [18, 4, 6, *[7] * 8, 8, 8, *[7] * 5, 8, 8]
    assert all(len(columns) == 21 for columns, _ in rows(text))


def test_the_line_with_most_hits_of_modified_data_comes_first_and_shares_add_up():
    found = rows(perf_c2c_text(logged()[1].lines))
    hitm = [int(columns[6]) for columns, _ in found]
    assert hitm == sorted(hitm, reverse=True)
    assert abs(sum(float(columns[5].rstrip("%")) for columns, _ in found) - 100) < 0.01 * len(found)


def test_local_and_remote_hits_add_up_and_every_line_has_a_name():
    for columns, name in rows(perf_c2c_text(logged()[1].lines)):
        assert int(columns[6]) == int(columns[7]) + int(columns[8])
        assert name


def test_stores_are_hits_of_the_l1_or_misses_and_loads_are_told_by_where_they_found_the_line():
    """Columns from the seventh: hits of modified lines 3, stores 3, DRAM 2, misses, loads, core 3, LLC 2."""
    found = [list(map(int, columns[6:21])) for columns, _ in rows(perf_c2c_text(logged()[1].lines))]
    for total, local, _, stores, hit, missed, _, _, miss, loads, buffers, l1, l2, llc, _ in found:
        assert stores == hit + missed
        assert loads == l1 + l2 + llc + local + miss
        assert (buffers, total > 0) == (0, True)
    assert sum(columns[11] for columns in found) > 0
    assert sum(columns[4] for columns in found) > 0


def test_a_run_without_shared_lines_has_an_empty_table():
    assert rows(perf_c2c_text(LineLog())) == []

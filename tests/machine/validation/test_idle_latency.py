import pytest

from simslab.machine.validation.idle_latency import idle_faults

AT = ("idle_latency", "dram")
FAULTS = {
    "[[80 ns]]": (AT, "the matrix does not have a cell for every pair of nodes"),
    "[[80 ns, 90 ns], [90 ns]]": (AT, "the matrix does not have a cell for every pair of nodes"),
    "[[80 ns, null], [90 ns, 80 ns]]": ((*AT, 0, 1), "a latency is missing"),
    "[[80 ns, 28 ns], [90 ns, 80 ns]]": ((*AT, 0, 1), "28 ns is too short for memory"),  # L3 20 and directory 8
}


@pytest.mark.parametrize("rows", FAULTS)
def test_an_impossible_matrix_is_told_at_its_cell(rows, planned, told):
    assert told(idle_faults(*planned(f"idle_latency={{impl: matrix, dram: {rows}}}"))) == [FAULTS[rows]]


def test_nothing_is_missing_where_nobody_reads_or_nothing_is_read(planned):
    nodes = "nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]"
    rows = "[[80 ns, 90 ns, 200 ns], [90 ns, 80 ns, 200 ns], [null, null, null]]"
    assert idle_faults(*planned(nodes, f"idle_latency={{impl: matrix, dram: {rows}}}")) == []


def test_without_a_matrix_there_are_no_faults(planned):
    assert idle_faults(*planned()) == []

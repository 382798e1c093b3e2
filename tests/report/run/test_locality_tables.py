from simslab.report.run.locality_tables import locality_table, matrix_table, numastat_table, transfer_table
from simslab.report.tables import plain_text
from simslab.result.measurement import Measurement, NodeRow, TransferRow


def measured(*nodes, transfers=()):
    return Measurement("m", "w", 1, 2 * 10**9, 0, nodes=list(nodes), transfers=list(transfers))


def cells(table):
    return [line.split() for line in plain_text([table]).splitlines()[3:]]


TWO = (NodeRow(0, (90, 10), (5, 15), {"numa_hit": 7}), NodeRow(4, (0, 0), (0, 80), {"numa_hit": 9, "strange": 1}))


def test_objects_are_local_where_their_memory_lies_on_the_node_of_the_cpu():
    assert cells(locality_table(measured(*TWO))) == [
        ["0", "90", "10", "10.0%", "5", "15", "75.0%"],
        ["4", "0", "0", "-", "80", "0", "0.0%"],
        ["all", "90", "10", "10.0%", "85", "15", "15.0%"],
    ]


def test_one_node_needs_no_row_of_all():
    assert cells(locality_table(measured(NodeRow(0, (3,), (1,), {})))) == [["0", "3", "0", "0.0%", "1", "0", "0.0%"]]


def test_the_matrix_has_the_nodes_own_numbers():
    table = matrix_table(measured(*TWO))
    assert plain_text([table]).splitlines()[1].split() == ["on", "node", "0", "on", "node", "4"]
    assert cells(table) == [
        ["allocated", "by", "node", "0", "90", "10"],
        ["allocated", "by", "node", "4", "0", "0"],
        ["freed", "by", "node", "0", "5", "15"],
        ["freed", "by", "node", "4", "0", "80"],
    ]


def test_a_matrix_needs_two_nodes_and_shows_at_most_eight():
    def nodes(count):
        return [NodeRow(number, (1,) * count, (1,) * count, {}) for number in range(count)]

    shown = [matrix_table(measured(*nodes(count))) is not None for count in (0, 1, 2, 8, 9)]
    assert shown == [False, False, True, True, False]


def test_page_counters_stand_by_node_the_kernels_first():
    assert cells(numastat_table(measured(*TWO))) == [["numa_hit", "7", "9"], ["strange", "0", "1"]]


def test_without_counters_there_is_no_table():
    assert numastat_table(measured(NodeRow(0, (1,), (1,), {}))) is None
    assert transfer_table(measured()) is None


def test_lines_of_one_source_are_added_over_the_nodes():
    rows = (TransferRow(0, "l3", 30, 1200), TransferRow(0, "local_dram", 20, 4000), TransferRow(1, "l3", 50, 2000))
    assert cells(transfer_table(measured(transfers=rows))) == [
        ["l3", "80", "80.0%", "40.0", "20.0"],
        ["local_dram", "20", "20.0%", "200.0", "100.0"],
    ]

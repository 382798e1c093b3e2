from simslab.machine.library import load_machine
from simslab.machine.timing.memory import build_memory
from simslab.machine.topology.topology import build_topology

CURVE = "{impl: curve, points: [[1 GB/s, 80 ns], [64 GB/s, 180 ns]]}"


def memory_of(name, *overrides):
    spec = load_machine(name, overrides)
    return build_memory(spec, build_topology(spec))


def test_every_node_has_the_machines_memory_or_its_own():
    memory = memory_of("epyc-genoa-cxl")
    assert memory.each("channels") == (6, 6, 6, 6, 1)
    assert memory.nodes[4].line_q10 > 5 * memory.nodes[0].line_q10


def test_a_root_port_is_a_nodes_own():
    assert memory_of("epyc-genoa-cxl").each("port") == (0, 0, 0, 0, round(172.6 * 2.5))


def test_a_node_without_memory_takes_no_time():
    memory = memory_of("memoryless-node")
    for name in ("latency", "line_q10", "write_line_q10", "stream_write_line_q10"):
        assert memory.each(name)[1] == 0 < memory.each(name)[0]


def test_a_curve_makes_one_server_of_a_nodes_channels():
    memory = memory_of("two-socket", f"dram.queue={CURVE}", "dram.write_bandwidth=9.25 GB/s")
    node = memory.nodes[0]
    assert (node.channels, node.conflict, node.row_miss) == (1, 0, 0)
    assert node.write_line_q10 == 2 * node.line_q10  # 18.5 GB/s for reads
    assert (len(memory.curves), memory.curves[0][0], memory.curves[0][-1]) == (2, 0, 260)


def test_without_curves_there_are_no_rows_of_them():
    assert memory_of("two-socket").curves == ()


def test_measured_latencies_have_ports_and_row_misses_in_them():
    measured = memory_of("epyc-genoa-cxl").measured([100, 200, 300, 400, 500])
    assert measured.each("latency") == (100, 200, 300, 400, 500)
    assert measured.each("port") == measured.each("row_miss") == (0,) * 5

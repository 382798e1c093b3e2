import pytest

from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.memory.memory_spec import DramSpec, NetworkSpec

HOP = [[0, 60], [70, 0]]
ROUTE = [[[], [0]], [[1], []]]
SLOW = 100 * 1024  # 100 cycles a line


def build(link_q10=(0, 0), domains=2, ports=(0, 0), **dram):
    network = NetworkSpec(HOP, ROUTE, link_q10, domains, *ports)
    return Interconnect(network, DramSpec([100, 200], **{"read_q10": [0, 0]} | dram), exact=1)


def test_a_way_may_take_longer_in_one_direction():
    interconnect = build()
    assert (interconnect.way(0, 1), interconnect.way(1, 0), interconnect.way(1, 1)) == (60, 70, 0)


def test_write_backs_queue_on_the_links_of_their_route():
    interconnect = build(link_q10=(SLOW, 0))
    assert [interconnect.write_back(0, 0, 1, line, 0) for line in range(3)] == [0, 100, 200]
    assert interconnect.write_back(1, 1, 0, 9, 0) == 0


def test_write_backs_queue_at_the_port_of_their_domain():
    interconnect = build(ports=(0, SLOW))
    assert [interconnect.write_back(0, 0, 0, line, 0) for line in range(2)] == [0, 100]
    assert interconnect.write_back(1, 0, 0, 9, 0) == 0


def test_a_line_written_takes_the_time_of_a_write_and_a_stream_that_of_a_stream():
    interconnect = build(read_q10=[1024, 1024], write_q10=[SLOW, SLOW], stream_q10=[2 * SLOW, 2 * SLOW])
    assert [interconnect.write_back(0, 0, 0, line, 0) for line in range(2)] == [0, 100]
    assert [interconnect.stream_write(0, 0, 1, line, 0) for line in range(2)] == [0, 200]


def test_lines_of_a_node_spread_over_its_channels():
    interconnect = build(read_q10=[SLOW, SLOW], channels=[4, 1])
    for line in range(4096):
        interconnect.write_back(0, 0, 0, line, 0)
    served = [interconnect.channels.lines(channel) for channel in range(5)]
    assert served[:4] == pytest.approx([1024] * 4, rel=0.1)
    assert served[4] == 0

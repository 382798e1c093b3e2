"""Cache-to-cache transfers depend on requester, owner, home and state."""

import pytest

from simslab.instruments.measure.pingpong import ping_pong_by_relation
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.transfer import partner, relation, transfer, transfer_by_home, transfer_by_state
from simslab.machine.library import load_machine


def test_a_clean_line_comes_faster_than_a_modified_one_where_the_machine_says_so():
    states = transfer_by_state(load_machine("ivy-bridge-ep"))["same L3"]
    assert states["modified"] == pytest.approx(28.3, rel=0.02)
    assert states["exclusive"] == pytest.approx(24.8, rel=0.02)
    assert states["shared"] < states["exclusive"]  # the inclusive L3 has it


def test_a_snooping_requester_gets_a_modified_line_at_the_same_time_whatever_its_home():
    latencies = {(h.home_writer, h.home_reader) for h in transfer_by_home(load_machine("ivy-bridge-ep"))}
    assert len(latencies) == 1
    writer, reader = latencies.pop()
    assert writer == reader < 75  # faster than the other socket's memory, 115 ns


def test_a_third_home_makes_the_way_longer_where_the_home_is_asked():
    homes = transfer_by_home(load_machine("epyc-genoa-cxl"))
    assert all(h.home_third > h.home_writer for h in homes if {h.writer_node, h.reader_node} == {0, 1})


def test_ping_pong_grows_with_distance():
    found = ping_pong_by_relation(load_machine("westmere-ep"))
    assert list(found) == ["same core", "same L3", "other package"]
    assert found["same core"] < found["same L3"] < found["other package"]


def test_relations_name_the_nearest_thing_shared():
    topology = Prober(load_machine("epyc-rome-nps4")).topology
    for wanted in ("same core", "same L3", "same node", "same package", "other package"):
        assert relation(topology, 0, partner(topology, 0, wanted)) == wanted


def test_a_load_before_a_locked_operation_makes_two_transactions():
    prober = Prober(load_machine("two-socket"))
    line = prober.fresh_lines(0, 2)
    prober.write(1, line)
    prober.write(1, line + 1)
    blind = prober.atomic(0, line)
    loaded = prober.read(0, line + 1) + prober.atomic(0, line + 1)
    assert loaded > blind + prober.machine.timing.caches.l3.latency


def test_the_owner_loses_exclusiveness():
    prober = Prober(load_machine("two-socket"))
    transfer(prober, 1, 0, 0, "modified")
    line = prober.fresh_lines(0, 1) - 1
    assert prober.machine.memory.state_in_core(1, line) <= 1

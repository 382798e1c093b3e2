from pathlib import Path

import numpy as np

from simslab.workload.description.spec import TraceReplay
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import Program, unpack
from simslab.workload.trace.phases import Mark, phase_begins, phase_marks, region_mark, with_marks


def test_a_single_trace_without_names_has_no_phase():
    assert phase_begins(TraceReplay(file=Path("a.txt")), [10]) == []


def test_each_of_several_traces_is_a_phase_and_one_replayed_again_is_numbered():
    spec = TraceReplay(file=Path("x/a.txt.gz"), then=[Path("b.txt"), Path("y/a.txt.gz")])
    assert phase_begins(spec, [10, 5, 10]) == [("a", 0), ("b", 10), ("a (2)", 15)]


def test_named_parts_begin_at_their_share_of_the_events():
    spec = TraceReplay(file=Path("a.txt"), phases={"untar": 0, "rm": 0.6})
    assert phase_begins(spec, [101]) == [("untar", 0), ("rm", 60)]


def test_all_threads_meet_before_each_phase_but_the_first():
    program = Program()
    first, second = phase_marks(program, [("a", 0), ("b", 10)], 3)
    opcodes = program.kinds.rows().reshape(-1, ops.NR_FIELDS)[:, ops.OPCODE]
    assert [opcodes[unpack(np.array(mark.words))[0]].tolist() for mark in (first, second)] == [
        [ops.PHASE],
        [ops.BARRIER, ops.PHASE],
    ]
    assert (program.phases, program.parties) == (["a", "b"], [3])


def test_marks_stand_before_the_first_event_of_their_number_in_the_order_given():
    marks = [Mark(4, (-1,)), Mark(4, (-2, -3)), Mark(9, (-4,))]
    assert with_marks(np.array([10, 14, 18]), np.array([0, 4, 8]), marks).tolist() == [10, -1, -2, -3, 14, 18, -4]
    assert with_marks(np.array([10, 18]), np.array([0, 8]), marks[:1], 0).tolist() == [10, 0, 18]


def test_the_region_begins_where_all_threads_are():
    program = Program()
    assert region_mark(program, 7, 2).event == 7
    assert (program.begins_region, program.parties) == (True, [2])

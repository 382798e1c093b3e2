import pytest
from pydantic import ValidationError

from simslab.machine.description.memory import CurveSpec, DramSpec
from simslab.machine.timing.integers import integers

GHZ = 10**9


def dram(**other):
    return integers(DramSpec.model_validate({"latency": "50 ns", "bandwidth": "16 GB/s"} | other), GHZ)


def test_the_channels_of_a_node_work_together():
    assert dram().line_q10 == 4 * 1024
    assert dram(channels=2).line_q10 == 2 * 1024


def test_writes_are_as_fast_as_reads_unless_told():
    assert dram(channels=2).write_line_q10 == dram(channels=2).stream_write_line_q10 == 2 * 1024


def test_streamed_writes_are_as_fast_as_writes_unless_told():
    memory = dram(channels=2, write_bandwidth="8 GB/s")
    assert (memory.line_q10, memory.write_line_q10, memory.stream_write_line_q10) == (2048, 4096, 4096)


def test_banks_and_rows_cost_nothing_unless_told():
    assert (dram().conflict, dram().row_miss) == (0, 0)


def test_a_curve_has_at_least_two_points():
    with pytest.raises(ValidationError, match="at least 2"):
        CurveSpec.model_validate({"impl": "curve", "points": [["1 GB/s", "80 ns"]]})

import pytest

from simslab.machine.validation.coherence import ahead_faults
from simslab.machine.validation.whole import faults_of

AT = ("coherence", "memory_ahead")
PARTS = ["core.frequency=1 GHz", "l3.latency=20 ns", "coherence.directory=10 ns", "dram.latency=70 ns"]


def test_a_memory_may_be_read_as_far_ahead_as_a_whole_miss_takes(described, told):
    assert ahead_faults(described(*PARTS, "coherence.memory_ahead=100 ns")) == []
    (fault,) = faults_of(described(*PARTS, "coherence.memory_ahead=101 ns"))
    assert told([fault]) == [(AT, "memory that is read 101 ns ahead answers before it is asked")]
    assert fault.expected == "at most L3, directory and memory together, 100 cycles"


def test_the_fastest_memory_of_a_node_counts(described, told):
    own = "nodes=[{each: package, memory: 1 GiB, dram: {latency: 40 ns, bandwidth: 1 GB/s}}]"
    assert len(ahead_faults(described(*PARTS, own, "coherence.memory_ahead=71 ns"))) == 1


@pytest.mark.parametrize("other", ["coherence.memory_ahead=0 ns", "core.hidden=0 ns"])
def test_a_machine_that_does_not_read_ahead_is_sound(described, other):
    assert ahead_faults(described(*PARTS, other)) == []


def test_beside_a_matrix_nothing_is_read_ahead(described):
    matrix = "idle_latency={impl: matrix, dram: [[90 ns, 140 ns], [140 ns, 90 ns]]}"
    assert ahead_faults(described(*PARTS, matrix, "coherence.memory_ahead=500 ns")) == []

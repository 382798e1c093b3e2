"""The greatest machine that is accepted, and what lies just beyond."""

import pytest

from simslab.machine.validation.limits import MAX_CACHE, MAX_HZ, MAX_MEMORY, MAX_NS, MIN_BANDWIDTH, MIN_HZ
from simslab.machine.validation.whole import faults_of

EDGES = {
    "slowest clock": ("core.frequency={} Hz", MIN_HZ, MIN_HZ - 1),
    "fastest clock": ("core.frequency={} Hz", MAX_HZ, MAX_HZ + 1),
    "longest time": ("dram.latency={} ns", MAX_NS, MAX_NS + 1),
    "largest cache": ("l2={{size: {}, ways: 16, latency: 1 ns}}", MAX_CACHE, MAX_CACHE + 1024),
    "slowest memory": ("dram.bandwidth={}", MIN_BANDWIDTH, MIN_BANDWIDTH - 1),
    "most memory": ("nodes=[{{each: package, memory: {}}}]", MAX_MEMORY // 2, MAX_MEMORY // 2 + 4096),
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_limit_itself_is_accepted_and_nothing_beyond(edge, described):
    override, last, beyond = EDGES[edge]
    assert faults_of(described(override.format(last))) == []
    assert len(faults_of(described(override.format(beyond)))) == 1

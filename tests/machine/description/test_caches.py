from simslab.machine.description.caches import L3Spec
from simslab.machine.timing.integers import integers

GHZ = 10**9
CACHE = {"size": "1 MiB", "ways": 16, "latency": "20 ns", "other_core": "30 ns"}


def l3(**other):
    return integers(L3Spec.model_validate(CACHE | other), GHZ)


def test_other_states_take_what_a_modified_line_takes_unless_told():
    assert (l3().other_core_exclusive, l3().other_core_shared) == (30, 30)


def test_a_shared_line_takes_what_an_exclusive_one_takes_unless_told():
    cache = l3(other_core_exclusive="25 ns")
    assert (cache.other_core, cache.other_core_exclusive, cache.other_core_shared) == (30, 25, 25)


def test_no_time_is_a_time():
    assert l3(other_core_exclusive="0 cycles").other_core_shared == 0


def test_bandwidths_are_unlimited_unless_told():
    cache = l3(core_bandwidth="64 GB/s")
    assert (cache.line_q10, cache.port_read_line_q10, cache.port_write_line_q10) == (0, 0, 0)
    assert cache.core_line_q10 == 1024

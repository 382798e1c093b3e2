import pytest

from simslab.machine.library import load_machine, machine_names
from simslab.machine.oddities import oddities


def odd(name, *overrides):
    return oddities(load_machine(name, overrides))


@pytest.mark.parametrize("name", machine_names())
def test_no_shipped_machine_is_odd(name):
    assert odd(name) == []


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("l1d.latency=14 cycles", "the L1 answers in 14 cycles, no sooner than the L2 (14)"),
        ("l2.latency=80 ns", "the L2 answers in 208 cycles, no sooner than the L3 (52)"),
        ("l2.size=16 KiB", "the L2 has 16384 bytes, less than the L1 that it includes (32768)"),
        (
            "coherence.memory_ahead=70 ns",
            "node 0's memory answers in 23 cycles, no later than the L3 (52); 1 more such place",
        ),
        ("distances=[[10, 21], [31, 10]]", "the distance from node 0 to node 1 is 21, back 31"),
    ],
)
def test_what_silicon_hardly_is_is_told(override, told):
    assert odd("two-socket", override) == [told]


def test_an_inclusive_l3_smaller_than_the_l2s_below_it_is_told():
    told = "the L3 has 1048576 bytes, less than the 4 L2s that it includes (524288 each)"
    assert odd("one-node", "l3.inclusion=inclusive", "l3.size=1 MiB", "l2.size=512 KiB") == [told]
    assert odd("one-node", "l3.inclusion=exclusive", "l3.size=1 MiB", "l2.size=512 KiB") == []


def test_memory_afar_that_answers_before_the_own_is_told():
    slow, fast = "{latency: 300 ns, bandwidth: 10 GB/s}", "{latency: 60 ns, bandwidth: 10 GB/s}"
    nodes = [f"{{package: {package}, memory: 1 GiB, dram: {dram}}}" for package, dram in enumerate((slow, fast))]
    assert odd("two-socket", f"nodes=[{', '.join(nodes)}]", "distances=null") == [
        "node 1's memory answers CPUs of node 0 in 365 cycles, sooner than their own (853)"
    ]


def test_distances_that_lead_the_kernel_to_the_slower_memory_are_told():
    distances = "distances=[[10, 31, 21, 31], [31, 10, 31, 21], [21, 31, 10, 31], [31, 21, 31, 10]]"
    (told,) = odd("two-socket", "nodes=4", "links=ring", distances)
    assert told.startswith("node 2 is nearer to node 0 by distance than node 1 (21, 31), but its memory answers later")
    assert told.endswith("; 7 more such places")

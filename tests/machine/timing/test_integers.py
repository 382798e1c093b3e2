import copy
import pickle

import pytest

from simslab.machine.description.interconnect import LinkSpec
from simslab.machine.library import load_machine, machine_names
from simslab.machine.timing.integers import Integers, integers, line_q10

GHZ = 10**9


def test_times_become_cycles_and_bandwidths_the_time_of_a_line():
    link = {"between": [0, 1], "latency": "26.2 ns", "bandwidth": "64 GB/s", "back_bandwidth": "32 GB/s"}
    counted = integers(LinkSpec.model_validate(link), 2 * GHZ)
    assert counted == Integers({"latency": 52, "line_q10": 2 * 1024, "back_latency": 52, "back_line_q10": 4 * 1024})


def test_words_become_codes_and_those_without_one_are_left_out():
    spec = load_machine("two-socket", ["core.prefetch=next-line"])
    assert integers(spec.core, GHZ).prefetch == 1
    assert "scope" not in integers(spec.l3, GHZ)


@pytest.mark.parametrize("name", machine_names())
def test_no_parameter_of_a_part_is_lost(name):
    spec = load_machine(name)
    assert {"atomic", "irq_save", "cli", "hz", "clear_q10"} <= set(integers(spec.kernel, GHZ))
    assert len(list(integers(spec.kernel, GHZ))) == len(type(spec.kernel).model_fields)
    assert len(list(integers(spec.core, GHZ))) == len(type(spec.core).model_fields)


def test_a_line_takes_at_least_the_smallest_part_of_a_cycle():
    assert line_q10(GHZ, 64 * GHZ) == 1024
    assert line_q10(GHZ, 1 << 62) == 1


def test_an_unknown_name_gives_the_near_miss():
    counted = Integers({"latency": 4})
    with pytest.raises(AttributeError, match="no integer 'latencey', did you mean 'latency'"):
        counted.latencey  # noqa: B018


def test_integers_do_not_change():
    counted = Integers({"latency": 4})
    with pytest.raises(AttributeError, match="cannot be changed"):
        counted.latency = 5
    assert counted.replaced(latency=5, port=1) == Integers({"latency": 5, "port": 1})
    assert counted.latency == 4


def test_equal_integers_are_one_and_survive_copies():
    counted = Integers({"a": 1, "b": 2})
    assert {counted, Integers({"b": 2, "a": 1})} == {counted}
    assert copy.deepcopy(counted) == pickle.loads(pickle.dumps(counted)) == counted
    assert repr(counted) == "Integers(a=1, b=2)"

"""The numbers of a machine file that may be fitted are found by their names."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.fit.parameters import find_parameters, fittable


def test_a_parameter_has_the_value_the_unit_and_the_bounds_of_its_kind(perturbed):
    (link,) = find_parameters(perturbed(), ["links.upi.latency"])
    assert (link.path, link.start, link.unit) == (("links", 0, "latency"), 26.2, "ns")
    assert (link.low, link.high) == pytest.approx((26.2 / 4, 26.2 * 4))


def test_bounds_may_be_given_in_any_unit_of_time(perturbed):
    (link,) = find_parameters(perturbed(), ["links[0].latency=20:0.03 us"])
    assert (link.low, link.high) == pytest.approx((20, 30))


def test_all_that_the_file_states_is_found_without_names(perturbed):
    names = [parameter.name for parameter in find_parameters(perturbed(), [])]
    assert "dram.latency" in names
    assert "links[0].bandwidth" in names
    assert "l3.size" not in names
    assert "dram.row_miss" not in names  # not in the file


def test_a_number_is_written_with_four_digits_within_its_bounds(perturbed):
    (dram,) = find_parameters(perturbed(), ["dram.latency=50 ns:51 ns"])
    assert [dram.number(value) for value in (50.123456, 60.0, 1.0)] == ["50.12", "51", "50"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dram.latncy", "no parameter 'dram.latncy'.*did you mean 'dram.latency'"),
        ("links.qpi.latency", r"no parameter.*did you mean 'links\[0\].latency'"),
        ("l3.size", "'l3.size' cannot be fitted"),
        ("dram", "'dram' cannot be fitted: it is a mapping"),
        ("dram.latency=50:60:70", "no bounds of 'dram.latency'.*low:high"),
        ("dram.latency=60:70", "is 50.6 ns: outside of 60:70"),
        ("dram.latency=60 cycles:70", "'60 cycles' is no bound.*a number in ns"),
        ("dram.latency=low:high", "'low' is no quantity"),
    ],
)
def test_what_cannot_be_a_parameter_is_told(perturbed, name, told):
    with pytest.raises(UserError, match=told):
        find_parameters(perturbed(), [name])


def test_a_parameter_given_twice_is_refused(perturbed):
    with pytest.raises(UserError, match="given twice"):
        find_parameters(perturbed(), ["links.upi.latency", "links[0].latency"])


def test_a_zero_needs_bounds(perturbed):
    document = perturbed(("directory: 8 ns", "directory: 0 ns"))
    with pytest.raises(UserError, match="is 0: no bounds"):
        find_parameters(document, ["coherence.directory"])
    (directory,) = find_parameters(document, ["coherence.directory=0:20"])
    assert (directory.start, directory.high, directory.scale) == (0, 20, 20)


def test_what_may_be_fitted_and_how_far_is_declared_with_the_parameter():
    bounds = {place: declared.rule.fit for place, declared in fittable().items()}
    assert bounds["links[*].back_latency"] == bounds["nodes[*].root_port.latency"] == (0.25, 4.0)
    assert bounds["dram.bandwidth"] == bounds["nodes[*].dram.bandwidth"] == bounds["mesh.bandwidth"] == (0.5, 2.0)
    assert bounds.keys().isdisjoint({"core.frequency", "l3.size", "dram.channels", "kernel.ipi", "tlb.walk"})


def test_a_count_is_fitted_in_whole_numbers(perturbed):
    document = perturbed(("  store_buffer: 56", "  outstanding: 10\n  store_buffer: 56"))
    (outstanding,) = find_parameters(document, ["core.outstanding"])
    assert [outstanding.number(value) for value in (7.4, 7.6)] == ["7", "8"]

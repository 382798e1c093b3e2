"""Perturbed parameters of a shipped machine are found again from its own measurements."""

from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.instruments.fit.fitting import fit_machine
from simslab.report.machine.fit_text import fit_json, fit_text

CHANGES = (("latency: 50.6 ns", "latency: 65 ns"), ("latency: 26.2 ns", "latency: 20 ns"), ("snoop: 33.9", "snoop: 45"))
HELD_OUT = "home=reader|node1 -> node0"
NAMES = ("dram.latency", "links.upi.latency", "coherence.snoop")


def values(result):
    return {fitted.parameter.name: fitted.value for fitted in result.fitted}


@pytest.fixture(scope="module")
def found(perturbed, own_rows):
    """Three changed parameters fitted to all rows."""
    return fit_machine(perturbed(*CHANGES), own_rows, NAMES)


@pytest.fixture(scope="module")
def predicted(perturbed, own_rows):
    """The same with two rows held out."""
    return fit_machine(perturbed(*CHANGES), own_rows, NAMES, hold_out=HELD_OUT)


def test_perturbed_parameters_are_recovered(found):
    result = found
    assert values(result) == pytest.approx(
        {"dram.latency": 50.6, "links.upi.latency": 26.2, "coherence.snoop": 33.9}, rel=0.01
    )
    assert max(abs(cell.error) for cell in result.before) > 0.1
    assert max(abs(cell.error) for cell in result.after) < 0.01


def test_what_is_held_out_is_predicted(predicted, own_rows):
    result = predicted
    assert [own_rows[index].target for index in result.split.held_out] == ["node0", "node1"]
    assert max(abs(result.after[index].error) for index in result.split.held_out) < 0.01
    assert "prediction: the 2 cells held out" in fit_text(result)


def test_a_held_out_cell_cannot_steer_the_fit(predicted, perturbed, own_rows):
    wrong = [replace(r, value="500") if "home=reader" in r.state else r for r in own_rows]
    assert wrong != own_rows
    assert values(fit_machine(perturbed(*CHANGES), wrong, NAMES, hold_out=HELD_OUT)) == values(predicted)


def test_parameters_that_only_their_sum_shows_are_refused(perturbed, own_rows):
    local = [row for row in own_rows if row.metric == "dram_idle_latency"]
    with pytest.raises(UserError, match=r"do not tell dram.latency, coherence.directory apart"):
        fit_machine(perturbed(), local, ["dram.latency", "coherence.directory"])


def test_a_parameter_that_no_row_feels_is_refused(perturbed, own_rows):
    with pytest.raises(UserError, match=r"no fitted measurement depends on dram.bandwidth"):
        fit_machine(perturbed(), own_rows, ["dram.latency", "dram.bandwidth"])


def test_without_names_what_is_not_determined_is_left_alone(perturbed, own_rows):
    result = fit_machine(perturbed(("latency: 26.2 ns", "latency: 33 ns")), own_rows)
    assert "dram.bandwidth" in result.left
    assert values(result)["links[0].latency"] == pytest.approx(26.2, rel=0.02)
    assert max(abs(cell.error) for cell in result.after) < 0.01


def test_bounds_hold_and_are_told(perturbed, own_rows):
    result = fit_machine(perturbed(*CHANGES), own_rows, ["dram.latency=60 ns:70 ns"])
    assert values(result) == {"dram.latency": 60.0}
    assert "at its bound" in fit_text(result)


def test_the_same_fit_tells_the_same(found, perturbed, own_rows):
    assert fit_json(fit_machine(perturbed(*CHANGES), own_rows, NAMES)) == fit_json(found)


def test_rows_that_are_left_out_are_told(perturbed, own_rows):
    elsewhere = replace(own_rows[0], line=99, target="node7")
    (left,) = fit_machine(perturbed(*CHANGES), [*own_rows, elsewhere], NAMES).left_out
    assert (left.row, left.reason) == (elsewhere, "the row's place or memory mode is not one of this machine's")


def test_a_parameter_that_only_rows_left_out_would_feel_is_refused_with_those(perturbed, own_rows):
    rows = [own_rows[0], replace(own_rows[1], line=3, target="node7")]
    with pytest.raises(UserError, match=r"depends on links.upi.latency \(left out: line 3: .* not one of this"):
        fit_machine(perturbed(), rows, ["links.upi.latency"])


def test_a_table_of_which_nothing_can_be_fitted_to_is_refused_with_the_reasons(perturbed, own_rows):
    rows = [replace(own_rows[0], line=line, metric="weather") for line in range(2, 7)]
    with pytest.raises(UserError, match=r"can be fitted to \(left out: line 2: nothing .* and 2 more\); exp"):
        fit_machine(perturbed(), rows, ["dram.latency"])

"""`simslab fit` writes a machine that `simslab measure` confirms."""

import json

import pytest

from simslab.machine.library import load_machine

TABLE = """machine,metric,from,to,state,value,unit,source,confidence
two-socket,dram_idle_latency,node0,node0,random,90,ns,,
two-socket,dram_idle_latency,node0,node1,random,150,ns,,
two-socket,dram_idle_latency,node1,node0,random,150,ns,,
"""


@pytest.fixture
def fit(tmp_path):
    """The command on two-socket and a small table, without what is to be fitted."""
    (tmp_path / "t.csv").write_text(TABLE)
    return "fit", "two-socket", "--against", tmp_path / "t.csv"


def test_the_fitted_machine_measures_as_the_table(simslab, fit, tmp_path):
    out = tmp_path / "fitted.yaml"
    told = simslab(*fit, "--parameters", "dram.latency,links.upi.latency", "-o", out)[1]
    assert "no cell was held out" in told
    assert load_machine(str(out)).dram.latency.nanoseconds(1) == pytest.approx(62, rel=0.01)
    assert simslab("measure", out, "--against", tmp_path / "t.csv")[0] == 0


def test_a_misspelt_parameter_is_told_with_the_near_one(refused, fit):
    assert "did you mean 'dram.latency'" in refused(*fit, "--parameters", "dram.latencies")


def test_json_has_fit_and_prediction_apart(simslab, fit):
    told = json.loads(simslab(*fit, "--parameters", "dram.latency", "--hold-out", "node0 -> node1", "--json")[1])
    assert [len(told["fit"]), len(told["prediction"])] == [2, 1]
    assert told["parameters"][0]["name"] == "dram.latency"


def test_an_unwritable_output_is_told_in_one_line(refused, fit, tmp_path):
    missing = tmp_path / "none" / "x.yaml"
    assert "cannot be written" in refused(*fit, "--parameters", "dram.latency", "-o", missing)


def test_a_value_that_is_no_number_is_told_with_its_line(refused, fit, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(table.read_text().replace("node1,random,150,ns", 'node1,random,"150,5",ns'))
    assert f"{table}:3:1: value '150,5': not a number above 0" in refused(*fit)

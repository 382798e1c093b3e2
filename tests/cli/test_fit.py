"""`simslab fit` writes a machine that `simslab measure` confirms."""

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app
from simslab.machine.library import load_machine

TABLE = """machine,metric,from,to,state,value,unit,source,confidence
two-socket,dram_idle_latency,node0,node0,random,90,ns,,
two-socket,dram_idle_latency,node0,node1,random,150,ns,,
two-socket,dram_idle_latency,node1,node0,random,150,ns,,
"""


@pytest.fixture
def simslab(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)

    def run(*arguments):
        result = CliRunner().invoke(app, ["fit", "two-socket", "--against", str(tmp_path / "t.csv"), *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_the_fitted_machine_measures_as_the_table(simslab, tmp_path):
    out = tmp_path / "fitted.yaml"
    result = simslab("--parameters", "dram.latency,links.upi.latency", "-o", str(out))
    assert "no cell was held out" in result.output
    assert load_machine(str(out)).dram.latency.nanoseconds(1) == pytest.approx(62, rel=0.01)
    check = CliRunner().invoke(app, ["measure", str(out), "--against", str(tmp_path / "t.csv")])
    assert check.exit_code == 0, check.output


def test_a_misspelt_parameter_is_told_with_the_near_one(simslab):
    with pytest.raises(UserError, match=r"did you mean 'dram\.latency'"):
        simslab("--parameters", "dram.latencies")


def test_json_has_fit_and_prediction_apart(simslab):
    import json

    told = json.loads(simslab("--parameters", "dram.latency", "--hold-out", "node0 -> node1", "--json").output)
    assert [len(told["fit"]), len(told["prediction"])] == [2, 1]
    assert told["parameters"][0]["name"] == "dram.latency"


def test_an_unwritable_output_is_told_in_one_line(simslab, tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        simslab("--parameters", "dram.latency", "-o", str(tmp_path / "none" / "x.yaml"))

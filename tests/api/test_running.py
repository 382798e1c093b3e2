import pytest

import simslab
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.result.result_file import load as load_result

SMALL = {"scale": 0.01}


def test_a_run_is_that_of_the_command_line():
    from simslab.experiment.inputs import load_inputs
    from simslab.experiment.run import run_once

    assert simslab.run("one-node", "local-churn", overrides=SMALL).measurement == run_once(
        load_inputs("one-node", "local-churn", ["scale=0.01"])
    )


def test_inputs_can_be_loaded_first_and_run_with_several_seeds():
    inputs = simslab.load("one-node", "local-churn", SMALL)
    assert [simslab.run(inputs, seed=seed).seed for seed in (4, 5)] == [4, 5]
    with pytest.raises(UserError, match="loaded already"):
        simslab.run(inputs, overrides=SMALL)
    with pytest.raises(UserError, match="there is no workload"):
        simslab.run("one-node")


@pytest.mark.parametrize("seed", [-1, 1 << 64, "1", 1.5])
def test_a_seed_that_is_none_is_a_mistake(seed):
    expected = "is no seed; expected a whole number from 0 to 18446744073709551615"
    with pytest.raises(UserError, match=expected):
        simslab.run("one-node", "local-churn", overrides=SMALL, seed=seed)
    with pytest.raises(UserError, match=expected):
        simslab.compare("one-node", "local-churn", {"slow": {"core.ipc": 1}}, overrides=SMALL, first_seed=seed)


def test_one_name_is_a_list_of_one_and_no_letters():
    result = simslab.run("one-node", "local-churn", overrides=SMALL)
    assert list(result.metrics("latency.p50")) == ["latency.p50"]
    assert simslab.measure("one-node", "cache").levels
    how = {"overrides": "scale=0.005", "metrics": "throughput", "seeds": 1}
    assert simslab.compare("one-node", "local-churn", {"slow": {"core.ipc": 1}}, **how).differences.rows == 1
    for values in (2, "24"):  # "24": not 2 and 4
        with simslab.sweep(
            "one-node", "local-churn", {"tunables.churn.limit": values}, store=":memory:", **how
        ) as sweep:
            assert [(cell.parameters["tunables.churn.limit"], *cell.figures) for cell in sweep.cells] == [
                (str(values), "throughput")
            ]


def test_a_recorded_trace_runs(tmp_path):
    trace = tmp_path / "mine.txt.gz"
    trace.write_bytes((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes())
    assert simslab.run("one-node", trace, overrides={"scale": 0.02}).measurement.workload == "mine"


def test_a_result_directory_is_written_where_asked(tmp_path):
    result = simslab.run("one-node", "local-churn", overrides=SMALL, out=tmp_path / "out")
    assert load_result(tmp_path / "out") == result.measurement


def test_a_machine_is_measured_in_parts():
    assert simslab.measure("one-node", ["latency"]).idle_random[0][0] > 10
    with pytest.raises(UserError, match="did you mean 'latency'"):
        simslab.measure("one-node", ["latncy"])

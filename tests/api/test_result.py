import numpy as np
import pytest

import simslab
from simslab.api.result import TABLES, Result
from simslab.base.errors import UserError


@pytest.fixture(scope="module")
def result():
    return simslab.run("two-socket", "mixed-remote", overrides={"scale": 0.01})


def test_latencies_are_exact_counts(result):
    latency = result.latency
    assert isinstance(latency["count"], np.ndarray)
    assert latency["count"].sum() == result.metric("operations")
    assert latency.where(operation="free")["ns"].max() == result.metric("latency.max:free")


def test_causes_add_up_to_the_total(result):
    table = result.attribution
    causes = [name for name in table if name not in ("operation", "path", "operations", "total")]
    assert np.array_equal(sum(table[name] for name in causes), table["total"])


def test_there_is_a_table_for_everything(result):
    for name in TABLES:
        assert getattr(result, name).rows > 0, name
    assert result.nodes["freed"].sum() == result.cpus["operations"].sum() / 2
    assert result.caches["in_arrays"].sum() > 0


def test_phases_of_a_trace_are_told_apart(result):
    assert result.trace_phases.rows == 0
    overrides = {"scale": 0.02, "trace.phases": {"early": 0, "late": 0.5}}
    phased = simslab.run("two-socket", "untar-rm", overrides=overrides)
    assert set(phased.trace_phases["phase"]) == {"early", "late"}
    assert phased.trace_phases["count"].sum() == phased.latency["count"].sum()


def test_columns_cannot_be_changed(result):
    with pytest.raises(ValueError, match="read-only"):
        result.latency["count"][0] = 7


def test_reprs_are_a_few_lines_and_html_is_escaped(result):
    assert len(repr(result)) < 400
    assert repr(result).count("\n") <= 3
    assert len(repr(result.locks).splitlines()) <= 13
    measurement = result.measurement
    odd = Result(type(result.observation)(type(measurement)("<b>", "w", 1, 10**9, 5)))
    assert "&lt;b&gt;" in odd._repr_html_()
    assert "<b>" not in odd._repr_html_()


def test_data_frames_need_pandas_or_are_there(result):
    try:
        import pandas
    except ImportError:
        with pytest.raises(UserError, match=r"pip install '\.\[data\]'"):
            result.to_dataframe()
    else:
        assert isinstance(result.to_dataframe("locks"), pandas.DataFrame)
    with pytest.raises(UserError, match="did you mean 'locks'"):
        result.to_dataframe("lock")


def test_the_figure_is_drawn_and_written(result, tmp_path):
    figure = result.figure(tmp_path / "f.pdf")
    assert figure.axes
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


def test_the_summary_is_that_of_the_command(result):
    assert result.summary().startswith("mixed-remote on two-socket, seed 1\n")


def test_a_result_without_inputs_cannot_be_saved(result, tmp_path):
    with pytest.raises(UserError, match="was read from a file"):
        Result(result.observation).save(tmp_path / "x")

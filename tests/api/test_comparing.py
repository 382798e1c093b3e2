import math

import pytest

import simslab
from simslab.base.errors import UserError

FAR = {"far": {"links.upi.latency": "120 ns"}}
HOW = {"overrides": {"scale": 0.02}, "seeds": 3, "metrics": ["latency.mean", "lock.wait:alien_lock"]}


@pytest.fixture(scope="module")
def comparison():
    return simslab.compare("two-socket", "mixed-remote", FAR, **HOW)


def test_differences_are_columns(comparison):
    table = comparison.differences
    assert table["metric"].tolist() == ["latency.mean (ns)", "lock.wait:alien_lock (ns)"]
    assert (table["low"] <= table["mean"]).all()
    assert comparison.difference("far", "latency.mean").distinguishable
    with pytest.raises(UserError, match="no difference"):
        comparison.difference("near", "latency.mean")


def test_a_single_seed_has_no_interval():
    one = simslab.compare("one-node", "local-churn", {"a": {"core.ipc": 2}}, overrides={"scale": 0.005}, seeds=1)
    assert all(math.isnan(value) for value in one.differences["low"])


def test_texts_and_figures(comparison, tmp_path):
    assert comparison.text().startswith("mixed-remote on two-socket, 3 seeds an arm")
    assert "2 differences" in repr(comparison)
    assert "<table>" in comparison._repr_html_()
    comparison.figure(tmp_path / "c.png")
    comparison.save(tmp_path / "out")
    assert (tmp_path / "out" / "comparison.json").is_file()


def test_objects_can_be_compared(comparison):
    machine = simslab.load_machine("two-socket")
    again = simslab.compare(machine, "mixed-remote", FAR, **HOW)
    assert again.differences["mean"].tolist() == comparison.differences["mean"].tolist()

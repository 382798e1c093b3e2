from fractions import Fraction

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.relative import is_relative, quantity, resolve
from simslab.experiment.inputs import load_inputs


@pytest.fixture(scope="module")
def base():
    return load_inputs("two-socket", "mixed-remote", ["tunables.mixed={limit: 30, batchcount: 15}"])


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("links.upi.latency", "x1", "26.2 ns"),
        ("links.upi.latency", "x1.5", "39.3 ns"),
        ("links.upi.latency", "×2", "52.4 ns"),
        ("links.upi.latency", "+20 ns", "46.2 ns"),
        ("links[0].latency", "-6.2 ns", "20 ns"),
        ("links.upi.latency", "+0.02 us", "46.2 ns"),
        ("links.upi.latency", "+10%", "28.82 ns"),
        ("dram.bandwidth", "x0.5", "9250000000"),
        ("nodes[0].memory", "+1 GiB", str(9 << 30)),
        ("tunables.mixed.limit", "x2", "60"),
        ("tunables.mixed.limit", "+5", "35"),
        ("scale", "x0.5", "0.5"),
        ("links.upi.latency", "60 ns", "60 ns"),
        ("scale", "-1", "0"),
    ],
)
def test_a_relative_value_is_of_what_stands_there(base, path, text, value):
    assert resolve(text, path, base) == value


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("links.upi.latncy", "x2", "did you mean 'latency'"),
        ("workload.description", "x2", "there stands"),
        (
            "tunables.other.limit",
            "-1",
            "tunables has no 'other' that '-1' could be relative to; expected mixed",
        ),
        ("tlb.l1", "x2", "there stands a mapping"),
        ("links.upi.latency", "-60 ns", "not negative"),
        ("links.upi.latency", "+2 GiB", "cannot add GiB to ns"),
        ("links.upi.latency", "+2", "cannot add a number to ns"),
        ("links.upi.latency", "x2 ns", "a unit behind a factor"),
    ],
)
def test_what_cannot_be_worked_out_is_told_with_its_axis(base, path, text, message):
    with pytest.raises(UserError, match=message) as caught:
        resolve(text, path, base)
    assert caught.value.problems[0].file == f"--axis {path}: {text}"


def test_what_is_relative():
    assert [is_relative(text) for text in ("x2", "+1 ns", "-3", "two-socket", "xeon", "60 ns", "1.5")] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip


def test_quantities_have_kinds():
    assert quantity("60 ns") == ("time", Fraction(60, 10**9))
    assert quantity("4") == ("", 4)
    assert quantity("two-socket") == "two-socket"

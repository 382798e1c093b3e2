import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.errors import UserError
from simslab.experiment.grid.constraints import parse_constraint

AXES = ("tunables.mixed.limit", "tunables.mixed.batchcount", "links.upi.latency", "machine")


def holds(text, limit="60", batchcount="30", latency="39.3 ns", machine="two-socket"):
    values = dict(zip(AXES, (limit, batchcount, latency, machine), strict=True))
    return parse_constraint(text, AXES).holds(values)


@pytest.mark.parametrize(
    "text",
    [
        "batchcount <= limit",
        "tunables.mixed.batchcount * 2 == tunables.mixed.limit",
        "links.upi.latency < 100 ns",
        "latency > 0.03 us and latency < 40ns",
        "machine == two-socket",
        "machine == 'two-socket' or limit < 1",
        "not (limit > 60)",
        "10 < batchcount < 40",
        "limit - batchcount >= 30",
        "latency / 10 ns > 3",
        "limit != batchcount",
        "-limit < 0",
    ],
)
def test_a_constraint_that_holds(text):
    assert holds(text)
    assert not holds(f"not ({text})")


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_numbers_are_compared_as_numbers(limit, batchcount):
    assert holds("batchcount <= limit", str(limit), str(batchcount)) == (batchcount <= limit)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "limit",
        "limit +",
        "batchcount <= limt",
        "open('x') == 1",
        "limit.__class__ == 1",
        "[limit] == 1",
        "(lambda: 1)() == 1",
        "limit < True",
        "machine < limit",
        "latency < limit",
        "limit / 0 > 1",
        "__import__('os').system('true') == 0",
        "limit if limit else limit",
    ],
)
def test_what_is_no_constraint_is_refused_and_never_executed(text):
    with pytest.raises(UserError, match="--where"):
        holds(text)


def test_a_name_that_ends_two_axes_is_told():
    with pytest.raises(UserError, match="could mean several"):
        parse_constraint("limit > 3", ("tunables.a.limit", "tunables.b.limit"))


@pytest.mark.parametrize("text", ["a < -word", "-a < a or a", "not a"])
def test_what_is_neither_true_nor_false_cannot_be_worked_out(text):
    with pytest.raises(UserError, match="cannot be worked out"):
        parse_constraint(text, ["a"]).holds({"a": "3"})


def test_a_name_that_a_point_does_not_set_is_told():
    with pytest.raises(UserError, match="asks for 'b', which a point does not set"):
        parse_constraint("a < b", ["a", "b"]).holds({"a": "3"})

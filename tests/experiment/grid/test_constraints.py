import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.errors import UserError
from simslab.experiment.grid.constraints import parse_constraint

AXES = {
    "tunables.mixed.limit": ["30", "60"],
    "tunables.mixed.batchcount": ["15", "30"],
    "links.upi.latency": ["x1", "39.3 ns"],
    "machine": ["two-socket", "four-socket", "mine.yaml"],
}


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
        "machine != mine.yaml",
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
        parse_constraint("limit > 3", {"tunables.a.limit": ["30"], "tunables.b.limit": ["30"]})


@pytest.mark.parametrize("text", ["a < -a or a", "-a < a or a", "not a"])
def test_what_is_neither_true_nor_false_cannot_be_worked_out(text):
    with pytest.raises(UserError, match="cannot be worked out"):
        parse_constraint(text, {"a": ["3"]}).holds({"a": "3"})


def test_a_name_that_a_point_does_not_set_is_told():
    with pytest.raises(UserError, match="asks for 'b', which a point does not set"):
        parse_constraint("a < b", {"a": ["3"], "b": ["4"]}).holds({"a": "3"})


@pytest.mark.parametrize(
    "text",
    [
        "cpus != 4",
        "cpus + 1 > limit",
        "limit != cpus",
        "cpus != four-socket",
        "-cpus == 1",
        "links.upi.latency != cpus",
    ],
)
def test_a_word_that_is_neither_an_axis_nor_a_value_is_refused(text):
    with pytest.raises(UserError, match="there is no axis 'cpus'; expected tunables"):
        parse_constraint(text, AXES)


def test_a_relative_value_is_none_that_a_constraint_could_compare_with():
    with pytest.raises(UserError, match="there is no axis 'x1'"):
        parse_constraint("links.upi.latency != x1", AXES)


@pytest.mark.parametrize("value", ["four-soket", "'four-soket'", "4"])
def test_a_value_that_no_point_has_is_told_with_those_that_are(value):
    with pytest.raises(
        UserError, match=r"no point has '(four-soket|4)' as its machine; expected two-socket, four-socket"
    ):
        parse_constraint(f"machine != {value}", AXES)
    with pytest.raises(UserError, match="did you mean 'four-socket'"):
        parse_constraint("two-socket == machine or four-soket == machine", AXES)

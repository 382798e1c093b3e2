import pytest

from simslab.base.errors import UserError
from simslab.report.plot.options import parse_limits, parse_width


@pytest.mark.parametrize(
    ("text", "inches"), [("column", 3.4), ("page", 7.0), ("3.3in", 3.3), ("84mm", 84 / 25.4), ("240pt", 240 / 72.27)]
)
def test_widths_are_names_or_lengths(text, inches):
    assert parse_width(text) == pytest.approx(inches)


@pytest.mark.parametrize("text", ["colum", "3.3", "-2in", "0.1in", "900in", ""])
def test_what_is_no_width_is_refused(text):
    with pytest.raises(UserError, match="--width"):
        parse_width(text)


def test_either_limit_may_be_left_out():
    assert parse_limits("10:5e3", "--xlim") == (10.0, 5000.0)
    assert parse_limits(":5", "--xlim") == (None, 5.0)
    assert parse_limits(":", "--xlim") == (None, None)


@pytest.mark.parametrize("text", ["10", "a:b", "5:5", "9:1", "nan:1", "1:inf"])
def test_limits_that_are_none_are_refused(text):
    with pytest.raises(UserError, match=r"--xlim .*expected|--xlim .*below"):
        parse_limits(text, "--xlim")

import pytest

from simslab.report.comparison.numbers import in_percent, interval, number, signed


@pytest.mark.parametrize(
    ("value", "shown", "with_sign"),
    [
        (None, "-", "-"),
        (0.04, "0.0", "0.0"),
        (-0.04, "-0.0", "0.0"),
        (12.34, "12.3", "+12.3"),
        (-999.94, "-999.9", "-999.9"),
        (1000.0, "1,000", "+1,000"),
        (-1234567.8, "-1,234,568", "-1,234,568"),
    ],
)
def test_a_number_has_a_decimal_below_1000_and_a_difference_its_sign(value, shown, with_sign):
    assert (number(value), signed(value)) == (shown, with_sign)


def test_an_interval_has_both_ends_or_is_none():
    assert interval(-1.0, 2.0) == "-1.0 .. +2.0"
    assert interval(1.0, 2.0, number) == "1.0 .. 2.0"
    assert interval(None, 2.0) == interval(1.0, None) == "-"


@pytest.mark.parametrize(
    ("value", "base", "percent"), [(3.0, 12.0, 25.0), (3.0, 0.0, None), (3.0, None, None), (None, 2.0, None)]
)
def test_percent_is_of_a_base_that_is_there(value, base, percent):
    assert in_percent(value, base) == percent

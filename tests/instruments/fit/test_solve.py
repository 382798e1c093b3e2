"""Least squares on made-up machines whose measurements are simple functions of their parameters."""

import math

import pytest

from simslab.base.errors import UserError
from simslab.instruments.fit.parameters import Parameter
from simslab.instruments.fit.solve import Model, solve, told_apart


def parameter(name, start=10.0, low=1.0, high=100.0, whole=False):
    return Parameter(name, (name,), "ns", start, low, high, whole)


def model(errors, *parameters):
    return Model(parameters, lambda values: list(errors(*values)))


A, B, C = (parameter(name) for name in "abc")


def test_the_values_with_the_least_errors_are_found():
    found = solve(model(lambda a, b: (a - 30, b - 4, (a + b - 34) / 2), A, B))
    assert found.values == pytest.approx((30, 4), rel=1e-3)
    assert found.uncertainty == pytest.approx((0, 0), abs=0.02)


def test_a_value_stays_within_its_bounds():
    found = solve(model(lambda a: (a - 30, a - 31), parameter("a", high=20.0)))
    assert found.values == (20.0,)


def test_a_whole_number_stays_whole():
    found = solve(model(lambda a, b: (a - 7.4, b - a, b - 7), parameter("a", whole=True), B))
    assert found.values[0] in (7, 8)


def test_a_set_of_values_is_measured_once():
    asked = []

    def errors(a, b):
        asked.append((a, b))
        return a - 30, b - 4, a - b - 26

    found = solve(model(errors, A, B))
    assert len(asked) == len(set(asked)) == found.measured


def test_as_many_measurements_as_parameters_tell_no_uncertainty():
    assert all(map(math.isnan, solve(model(lambda a, b: (a - 30, b - 4), A, B)).uncertainty))


def test_errors_that_remain_are_the_uncertainty():
    """Two measurements of one number that differ by 2: the mean is known to within 1."""
    found = solve(model(lambda a: (a - 29, a - 31), A))
    assert found.values == pytest.approx((30,), rel=1e-3)
    assert found.uncertainty == pytest.approx((1,), rel=0.01)


def test_a_value_that_nothing_feels_where_it_was_found_is_told():
    """Beyond 20 more of it changes nothing, as of a link that is wide enough."""
    wide = solve(model(lambda a, b: (min(a, 20) - 40, b - 4, b - 4), A, B))
    assert wide.values[0] > 22
    assert wide.unbound == (True, False)


def test_a_value_that_nothing_feels_goes_back_to_where_it_was_if_that_is_as_good():
    found = solve(model(lambda a, b: (min(a, 9.5) - 9.5 - (b - 4) / 2, b - 4, b - 5), A, B))
    assert found.values[0] == 10
    assert found.values[1] == pytest.approx(4.4, abs=0.2)


def test_a_parameter_that_nothing_feels_is_left_out_or_refused_when_chosen():
    silent = model(lambda a, _b: (a - 30, 2 * a - 60), A, B)
    assert told_apart(silent, chosen=False) == [0]
    with pytest.raises(UserError, match="no fitted measurement depends on b"):
        told_apart(silent, chosen=True)


def test_of_parameters_that_only_their_sum_shows_the_less_felt_is_left_out():
    summed = model(lambda a, b, c: (3 * a + b - 5, 3 * a + b - 6, c - 1), A, B, C)
    assert told_apart(summed, chosen=False) == [0, 2]
    with pytest.raises(UserError, match="do not tell a, b apart"):
        told_apart(summed, chosen=True)


def test_fewer_measurements_than_parameters_cannot_determine_all():
    assert told_apart(model(lambda a, b: (a + b - 5,), A, B), chosen=False) == [1]


def test_measurements_that_feel_nothing_are_refused():
    with pytest.raises(UserError, match="no parameter is determined"):
        told_apart(model(lambda a: (1.0, 2.0), A), chosen=False)


def test_slopes_are_kept_while_the_values_stay_near():
    asked = []
    task = model(lambda a: (asked.append(a) or a, 0.0), A)
    task.jacobian([1.0])
    first = len(asked)
    task.jacobian([1.05])
    assert len(asked) == first
    task.jacobian([2.0])
    assert len(asked) > first

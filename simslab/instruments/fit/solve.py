"""Least squares over the fittable parameters, and whether the measurements tell them apart at all.

A machine counts in whole cycles, so that its measurements are stairs in every parameter: slopes are taken over a tenth
of the value, both ways, and kept while the values stay near (what a latency adds to a path is nearly a straight line).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from simslab.base.errors import UserError
from simslab.instruments.fit.parameters import Parameter

STEP: Final = 0.1  # of a value, for its slope
NEAR: Final = 0.1  # of a value, within which slopes are kept
SILENT: Final = 0.02  # of the allowed error, for a change of a value by itself: below it no measurement feels it
ALIKE: Final = 0.05  # smallest singular value of unit columns that still tells parameters apart
SHARE: Final = 0.25  # of a combination that nothing feels, from which a parameter is named in it
TRIES: Final = 40  # sets of values that the search may measure, slopes not counted

Errors = Callable[[Sequence[float]], list[float]]  # weighted errors of a set of values


@dataclass
class Model:
    """The errors as a function of the parameters, in multiples of their scales; measured once for each set."""

    parameters: Sequence[Parameter]
    errors: Errors
    kept: dict[tuple[float, ...], Any] = field(default_factory=dict)
    slopes_at: Any = None
    slopes: Any = None

    def values(self, x: Any) -> tuple[float, ...]:
        """Return the values that would be written for `x`."""
        return tuple(p.rounded(float(part) * p.scale) for p, part in zip(self.parameters, x, strict=True))

    def residuals(self, x: Any) -> Any:
        """Return weighted errors."""
        values = self.values(x)
        if values not in self.kept:
            self.kept[values] = np.array(self.errors(values))
        return self.kept[values]

    def jacobian(self, x: Any) -> Any:
        """Return slopes per relative change of each parameter, those of before while `x` is near."""
        if self.slopes_at is None or np.max(np.abs(x - self.slopes_at)) > NEAR:
            self.slopes_at = np.array(x)
            self.slopes = np.column_stack([self._column(x, index) for index in range(len(self.parameters))])
        return self.slopes

    def _column(self, x: Any, index: int) -> Any:
        parameter = self.parameters[index]
        step = STEP * (x[index] or 1.0)
        if parameter.whole:
            step = max(step, 1.0 / parameter.scale)
        low, high = parameter.low / parameter.scale, parameter.high / parameter.scale
        ends = []
        for sign in (-1.0, 1.0):
            there = np.array(x)
            there[index] = min(max(x[index] + sign * step, low), high)
            ends.append(there)
        below, above = (self.values(there)[index] / parameter.scale for there in ends)
        if above == below:
            return np.zeros_like(self.residuals(x))
        return (self.residuals(ends[1]) - self.residuals(ends[0])) / (above - below)


@dataclass(frozen=True)
class Solution:
    """Fitted values and what is known of them."""

    values: tuple[float, ...]
    uncertainty: tuple[float, ...]  # standard errors in the parameters' units, from the errors that remain
    measured: int  # sets of values that were measured
    unbound: tuple[bool, ...]  # whether no measurement feels a change of the value found


def told_apart(model: Model, chosen: bool) -> list[int]:
    """Return the parameters that the measurements determine.

    Where the user has `chosen` them UserError names those that nothing feels or that cannot be told apart; otherwise
    they are left out, the less felt first.
    """
    x = np.array([parameter.start / parameter.scale for parameter in model.parameters])
    slopes = model.jacobian(x)
    names = [parameter.name for parameter in model.parameters]
    felt = np.linalg.norm(slopes, axis=0)
    silent = [index for index in range(len(names)) if felt[index] < SILENT]
    if silent and chosen:
        named = ", ".join(names[index] for index in silent)
        raise UserError(f"no fitted measurement depends on {named}", expected="parameters that the rows can tell")
    kept = [index for index in range(len(names)) if index not in silent]
    while kept:
        group = _alike(slopes[:, kept] / felt[kept])
        if not group:
            break
        if chosen:
            named = ", ".join(names[kept[index]] for index in group)
            expected = "fewer parameters, or rows that tell them apart"
            raise UserError(f"the fitted measurements do not tell {named} apart", expected=expected)
        kept.remove(min((kept[index] for index in group), key=lambda index: (felt[index], index)))
    if not kept:
        raise UserError("no parameter is determined by the fitted measurements", expected="other rows")
    return kept


def _alike(columns: Any) -> list[int]:
    """Return the columns that make up a combination which hardly changes anything, none if there is no such."""
    if columns.shape[1] > columns.shape[0]:
        columns = np.vstack([columns, np.zeros((columns.shape[1] - columns.shape[0], columns.shape[1]))])
    _, singular, directions = np.linalg.svd(columns)
    if singular[-1] >= ALIKE:
        return []
    weakest = np.abs(directions[-1])
    return [index for index in range(len(weakest)) if weakest[index] >= SHARE * weakest.max()]


def solve(model: Model) -> Solution:
    """Return the parameters with the least sum of squared errors within their bounds."""
    from scipy.optimize import least_squares  # here, as nothing else in fitting needs it

    low = [parameter.low / parameter.scale for parameter in model.parameters]
    high = [parameter.high / parameter.scale for parameter in model.parameters]
    start = [parameter.start / parameter.scale for parameter in model.parameters]
    inside = [min(max(x, a + 1e-9), b - 1e-9) for x, a, b in zip(start, low, high, strict=True)]
    found = least_squares(
        model.residuals, inside, jac=model.jacobian, bounds=(low, high), x_scale=1.0, ftol=1e-4, xtol=1e-4, gtol=None,
        max_nfev=TRIES,
    )  # fmt: skip
    best = min([(float(np.sum(r * r)), values) for values, r in model.kept.items()])[1]
    model.jacobian(np.array([value / p.scale for value, p in zip(best, model.parameters, strict=True)]))
    unbound = tuple(bool(felt < SILENT) for felt in np.linalg.norm(model.slopes, axis=0))
    return Solution(_back(model, best, unbound), _uncertainty(model, found), len(model.kept), unbound)


def _back(model: Model, best: tuple[float, ...], unbound: Sequence[bool]) -> tuple[float, ...]:
    """Return the values with those that nothing feels as they were, where that makes no error larger."""
    for index, (parameter, loose) in enumerate(zip(model.parameters, unbound, strict=True)):
        there = (*best[:index], parameter.rounded(parameter.start), *best[index + 1 :])
        if loose and _squares(model, there) <= _squares(model, best):
            best = there
    return best


def _squares(model: Model, values: Sequence[float]) -> float:
    errors = model.residuals(np.array([value / p.scale for value, p in zip(values, model.parameters, strict=True)]))
    return float(np.sum(errors * errors))


def _uncertainty(model: Model, found: Any) -> tuple[float, ...]:
    """Return standard errors: the remaining variance times the inverse of the normal matrix."""
    degrees = len(found.fun) - len(model.parameters)
    if degrees <= 0:
        return tuple(float("nan") for _ in model.parameters)
    covariance = np.linalg.pinv(model.slopes.T @ model.slopes) * float(np.sum(found.fun**2)) / degrees
    return tuple(float(np.sqrt(covariance[i, i])) * p.scale for i, p in enumerate(model.parameters))

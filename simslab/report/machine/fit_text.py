"""A fit as text and as JSON: the parameters, how well the table is fitted, and how well the rest is predicted."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from simslab.instruments.fit.cells import cell_name
from simslab.instruments.reference.reference import TOLERANCES, judge
from simslab.report.machine.measure_text import figures_text

if TYPE_CHECKING:
    from simslab.instruments.fit.fitting import FitResult, Fitted
    from simslab.instruments.reference.reference import Cell, Skipped

SHOWN: Final = 20  # held-out cells, worst first


def fit_text(result: FitResult) -> str:
    """Return tables of the parameters, of the fitted cells and of those held out."""
    lines = [f"{'parameter':<34}{'before':>14}{'after':>14}{'+-':>9}   bounds", *map(_parameter, result.fitted)]
    if result.left:
        lines += ["", "kept, since the fitted cells do not determine them: " + ", ".join(result.left)]
    lines += ["", f"fit: the {len(result.split.fitted)} cells that the parameters were chosen on"]
    lines += _table(result, result.split.fitted)
    if result.split.held_out:
        lines += ["", f"prediction: the {len(result.split.held_out)} cells held out"]
        lines += [*_table(result, result.split.held_out), "", *_held_out(result)]
    else:
        lines += ["", "no cell was held out: nothing here says how the machine predicts (--hold-out 0.25)"]
    if result.left_out:
        lines += ["", "neither fitted nor held out:", *map(_left_out, result.left_out)]
    return "\n".join([*lines, ""])


def fit_json(result: FitResult) -> str:
    """Return parameters, every cell with its errors, and the means as JSON."""
    document = {
        "parameters": [_parameter_json(fitted) for fitted in result.fitted],
        "not_determined": list(result.left),
        "fit": [_cell_json(result, index) for index in result.split.fitted],
        "prediction": [_cell_json(result, index) for index in result.split.held_out],
        "left_out": [asdict(skipped) for skipped in result.left_out],
        "machines_measured": result.measured,
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _left_out(skipped: Skipped) -> str:
    row = skipped.row
    return f"  line {row.line}: {cell_name(row)} = {row.value} {row.unit}: {skipped.reason}"


def _parameter(fitted: Fitted) -> str:
    p = fitted.parameter
    spread = "-" if math.isnan(fitted.uncertainty) or fitted.unbound else f"{fitted.uncertainty:.2g}"
    mark = ("  at its bound" if fitted.at_bound else "") + ("  no row binds it there" if fitted.unbound else "")
    bounds = f"{p.low:g} to {p.high:g} {p.unit}".rstrip()
    return f"{p.name:<34}{p.text(p.start):>14}{p.text(fitted.value):>14}{spread:>9}   {bounds}{mark}"


def _parameter_json(fitted: Fitted) -> dict[str, Any]:
    p = fitted.parameter
    error = None if math.isnan(fitted.uncertainty) or fitted.unbound else fitted.uncertainty
    return {
        "name": p.name,
        "unit": p.unit,
        "before": p.start,
        "after": fitted.value,
        "standard_error": error,
        "low": p.low,
        "high": p.high,
        "at_bound": fitted.at_bound,
        "unbound": fitted.unbound,
    }


def _cell_json(result: FitResult, index: int) -> dict[str, Any]:
    before, after = result.before[index], result.after[index]
    return {
        "cell": cell_name(before.row),
        "line": before.row.line,
        "kind": before.kind,
        "published": before.row.value,
        "unit": before.row.unit,
        "before": before.measured,
        "after": after.measured,
        "error_before": before.error,
        "error_after": after.error,
    }


def _table(result: FitResult, indexes: Sequence[int]) -> Iterator[str]:
    """Yield mean and worst error by kind, before and after."""
    before = {verdict.kind: verdict for verdict in judge(result.before[index] for index in indexes)}
    after = {verdict.kind: verdict for verdict in judge(result.after[index] for index in indexes)}
    yield f"{'kind':<16}{'cells':>6}{'mean':>16}{'worst':>18}   allowed"
    for kind, verdict in before.items():
        now, allowed = after[kind], TOLERANCES[kind]
        yield (
            f"{kind:<16}{verdict.cells:>6}{_both(verdict.mean, now.mean):>16}{_both(verdict.worst, now.worst):>18}"
            f"   mean {allowed.mean:.0%}, worst {allowed.worst:.0%}: {'ok' if now.passed else 'EXCEEDED'}"
        )


def _both(before: float, after: float) -> str:
    return f"{before:.1%} -> {after:.1%}"


def _held_out(result: FitResult) -> Iterator[str]:
    """Yield the held-out cells, worst first."""
    cells: list[Cell] = sorted((result.after[index] for index in result.split.held_out), key=lambda c: -abs(c.error))
    yield f"{'predicted':>10} {'published':>10} {'error':>7}  unit    cell"
    for cell in cells[:SHOWN]:
        yield f"{figures_text(cell)}  {cell.row.unit:<6}  {cell_name(cell.row)}"
    if len(cells) > SHOWN:
        yield f"... and {len(cells) - SHOWN} that are predicted better"

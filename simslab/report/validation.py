"""What the model says to measured rows, as a table, as Markdown and as a figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.instruments.validate.rows import USES
from simslab.report.canvas import house_style, new_figure, write_figure

if TYPE_CHECKING:
    from simslab.instruments.validate.questions import Answer

HEADINGS: Final = ("machine", "workload", "parameters", "metric", "model", "measured", "unit", "error", "verdict")
FIGURE_HEIGHT: Final = 3.2  # inches
MARKS: Final = {"calibration": "o", "prediction": "x"}


def validation_text(answers: Sequence[Answer]) -> str:
    """Return the table of all answers, calibration and prediction apart, and a line for each kind of row."""
    lines = []
    for use in USES:
        chosen = [answer for answer in answers if answer.row.use == use]
        if chosen:
            lines += [f"{use}:", *_columns([HEADINGS, *map(_cells, chosen)]), ""]
    return "\n".join([*lines, *_columns(list(_summary(answers))), ""])


def validation_json(answers: Sequence[Answer]) -> str:
    """Return the rows as JSON, in their order."""
    rows = []
    for answer in answers:
        row = asdict(answer.row) | {"file": Path(answer.row.file).name, "measured": answer.row.value}
        del row["value"]
        rows.append(row | {"model": answer.measured, "error": answer.error, "agrees": answer.agrees})
    return json.dumps({"rows": rows}, indent=2, ensure_ascii=False) + "\n"


def validation_markdown(answers: Sequence[Answer]) -> str:
    """Return a report in Markdown."""
    lines = ["# The model beside measurements", ""]
    lines += _table(list(_summary(answers)))
    for use in USES:
        chosen = [answer for answer in answers if answer.row.use == use]
        if chosen:
            lines += ["", f"## {use.capitalize()}", "", *_table([HEADINGS, *map(_cells, chosen)])]
    sources = sorted({answer.row.source for answer in answers})
    return "\n".join([*lines, "", "Sources: " + "; ".join(sources) + ".", ""])


def draw_validation(answers: Sequence[Answer], path: Path) -> None:
    """Write a figure of model against measurement, nanoseconds and cycles alike, to `path`."""
    with house_style():
        figure = new_figure(FIGURE_HEIGHT)
        axes = figure.add_subplot()
        for use in USES:
            chosen = [answer for answer in answers if answer.row.use == use]
            points = [(answer.published, answer.measured) for answer in chosen]
            if points:
                axes.plot(*zip(*points, strict=True), MARKS[use], markersize=3, linestyle="none", label=use)
        ends = [figure for answer in answers for figure in (answer.published, answer.measured)]
        axes.plot([min(ends), max(ends)], [min(ends), max(ends)], linewidth=0.6, color="0.4", label="equal")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("measured (ns or cycles)")
        axes.set_ylabel("model")
        axes.legend()
        write_figure(figure, path)


def _cells(answer: Answer) -> tuple[str, ...]:
    row = answer.row
    machine = row.machine if row.nodes == 1 else f"{row.machine}, {row.nodes} nodes"
    verdict = "ok" if answer.agrees else "MISS"
    figures = (f"{answer.measured:.2f}", f"{answer.published:.2f}", row.unit, f"{100 * answer.error:+.1f} %", verdict)
    return machine, row.workload, row.parameters, row.metric, *figures


def _summary(answers: Sequence[Answer]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each machine and workload."""
    yield "machine", "workload", "rows", "mean |error|", "worst", "misses"
    kinds: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        kinds.setdefault((answer.row.machine, answer.row.workload), []).append(answer)
    for (machine, workload), found in sorted(kinds.items()):
        errors = [answer.error for answer in found]
        mean, worst = sum(map(abs, errors)) / len(errors), max(errors, key=abs)
        misses = sum(not answer.agrees for answer in found)
        yield machine, workload, str(len(found)), f"{100 * mean:.1f} %", f"{100 * worst:+.1f} %", str(misses)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]

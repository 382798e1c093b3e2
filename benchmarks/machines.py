"""Every shipped machine against published measurements of the real one; writes machines.md.

    python benchmarks/machines.py machine-latency.csv [benchmarks/machines.md]

The table has the columns of `simslab measure --against`.
"""

import sys
import time
from pathlib import Path

from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import TOLERANCES, UNJUDGED, Cell, Skipped, judge, read_table
from simslab.machine.library import load_machine, machine_names

INTRODUCTION = """# Machines: measured on the model against published

Made by `python benchmarks/machines.py`. Machine files hold physical parameters only; the figures come out of running
`simslab measure` on them. Errors are relative; a range has none inside. Allowed: {allowed}.
"""


def compared(table):
    """Yield name, answers and host seconds of each shipped machine that the table lists."""
    for name in machine_names():
        spec = load_machine(name)
        rows = [row for row in table if row.machine in spec.measured_as]
        if rows:
            start = time.perf_counter()
            yield name, Answers(spec).answer(rows), time.perf_counter() - start


def row_text(answer):
    row = answer.row
    return f"{row.metric} {row.source} -> {row.target} | {row.state.replace('|', '/')}"


def summary(results):
    yield "| machine | kind | cells | mean | worst | |"
    yield "|---|---|---|---|---|---|"
    for name, answers, _ in results:
        for verdict in judge(answer for answer in answers if isinstance(answer, Cell)):
            state = "ok" if verdict.passed else "**exceeded**"
            yield f"| {name} | {verdict.kind} | {verdict.cells} | {verdict.mean:.1%} | {verdict.worst:.1%} | {state} |"


def details(name, answers):
    yield f"\n## {name}\n"
    yield "| figure | state | measured | published | unit | error |"
    yield "|---|---|---|---|---|---|"
    for cell in answers:
        if isinstance(cell, Cell):
            mark = " (shown only)" if cell.kind == UNJUDGED else ""
            figures = f"{cell.measured:.1f} | {cell.published:.1f} | {cell.row.unit} | {cell.error:+.1%}{mark}"
            yield f"| {row_text(cell)} | {figures} |"
    skipped = [answer for answer in answers if isinstance(answer, Skipped)]
    if skipped:
        yield "\nNot comparable:\n"
        yield from (f"- {row_text(item)} = {item.row.value} {item.row.unit}: {item.reason}" for item in skipped)


def main(table, target=None):
    results = list(compared(read_table(Path(table))))
    lines = list(summary(results))
    print("\n".join(lines))
    if target is not None:
        limits = (f"{kind} mean {limit.mean:.0%} and worst {limit.worst:.0%}" for kind, limit in TOLERANCES.items())
        text = [INTRODUCTION.format(allowed="; ".join(limits)), *lines]
        for name, answers, _ in results:
            text += details(name, answers)
        Path(target).write_text("\n".join([*text, ""]))


if __name__ == "__main__":
    main(*sys.argv[1:])

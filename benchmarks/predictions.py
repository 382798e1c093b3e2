"""Machines against published cells that no machine file was fitted to; writes predictions.md.

    python benchmarks/predictions.py [benchmarks/predictions.md]

The cells are in held-out.csv (columns as `simslab measure --against` takes them, and the source). Machines are the
shipped ones and, for machines that are not in the library, `unseen/*.yaml`, which say what a data sheet says.
"""

import csv
import statistics
import sys
from pathlib import Path

from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import UNJUDGED, Cell, read_table
from simslab.machine.library import load_machine, machine_names

HERE = Path(__file__).resolve().parent
TABLE = HERE / "held-out.csv"
FIRST = HERE / "first-predictions.csv"  # what the model said before any of the cells had been seen
HEAD = "| machine | kind of figure | cells | first: mean | worst | now: mean | worst |"


def machines():
    """Yield (name, spec, whether it is shipped)."""
    for name in machine_names():
        yield name, load_machine(name), True
    for path in sorted((HERE / "unseen").glob("*.yaml")):
        yield path.stem, load_machine(str(path)), False


def predicted():
    """Yield (machine, shipped, cell) for every cell of the table that a machine answers."""
    table = read_table(TABLE)
    for name, spec, shipped in machines():
        rows = [row for row in table if row.machine in spec.measured_as]
        yield from ((name, shipped, a) for a in Answers(spec).answer(rows) if isinstance(a, Cell))


def key(cell):
    row = cell.row
    return (row.machine, row.metric, row.source, row.target, row.state)


def kind_of(cell):
    """Return the class that a cell is counted under."""
    if cell.kind != "cache to cache":
        return cell.kind
    place = "other package" if "socket" in cell.row.target and "same" not in cell.row.target else ""
    home = cell.row.state.partition("home=")[2].removesuffix(" node")
    how = "ping-pong" if cell.row.metric.startswith("cas") else f"homed at {home}" if home else ""
    return " ".join(part for part in ("transfer", how, place) if part)


def first_predictions():
    if not FIRST.exists():
        return {}
    with FIRST.open(newline="") as file:
        return {tuple(row[:5]): float(row[5]) for row in csv.reader(file)}


def sources():
    with TABLE.open(newline="") as file:
        rows = csv.DictReader(file)
        return {tuple(row[k] for k in ("machine", "metric", "from", "to", "state")): row["source"] for row in rows}


def errors(cells, first):
    """Return (first errors, errors now) of cells."""
    before = [first[key(c)] / c.published - 1 for c in cells if key(c) in first]
    return before, [c.error for c in cells]


def figures(values):
    if not values:
        return "- | -"
    return f"{statistics.fmean(abs(v) for v in values):.1%} | {max(values, key=abs):+.1%}"


def summary(found, first, shipped):
    yield HEAD
    yield "|---|---|---|---|---|---|---|"
    groups = {}
    for name, ours, cell in found:
        if ours == shipped and cell.kind != UNJUDGED:
            groups.setdefault((name, kind_of(cell)), []).append(cell)
    for (name, kind), cells in groups.items():
        before, now = errors(cells, first)
        yield f"| {name} | {kind} | {len(cells)} | {figures(before)} | {figures(now)} |"


def details(found, first):
    known = sources()
    yield "| machine | figure | state | published | first | now | error | source |"
    yield "|---|---|---|---|---|---|---|---|"
    for _, _, cell in found:
        if cell.kind == UNJUDGED:
            continue
        row = cell.row
        before = f"{first[key(cell)]:.1f}" if key(cell) in first else "-"
        state = row.state.replace("|", "/")
        source = known.get(key(cell), "the machine's loaded-latency rows")
        figure = f"{row.metric} {row.source} -> {row.target}"
        values = f"{cell.published:.1f} {row.unit} | {before} | {cell.measured:.1f} | {cell.error:+.1%}"
        yield f"| {row.machine} | {figure} | {state} | {values} | {source} |"


def main(target=None):
    found, first = list(predicted()), first_predictions()
    shipped, unseen = list(summary(found, first, True)), list(summary(found, first, False))
    print("\n".join([*shipped, "", *unseen]))
    if target is not None:
        text = Path(target).read_text() if Path(target).exists() else "<!-- tables -->\n"
        start = text.partition("<!-- tables -->")[0]
        body = ["<!-- tables -->", "", "## Shipped machines", "", *shipped, "", "## Machines not in the library", ""]
        body += [*unseen, "", "## Every cell", "", *details(found, first), ""]
        Path(target).write_text(start + "\n".join(body))


if __name__ == "__main__":
    main(*sys.argv[1:])

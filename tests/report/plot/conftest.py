"""Points of a sweep as the layer above makes them."""

from dataclasses import replace

import pytest

from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable


def row(number, parameters, base):
    mean = 100.0 + 10 * number
    label = ", ".join(f"{name}={value}" for name, value in parameters.items())
    if parameters == base:
        return PointRow(label, 3, mean, mean - 5, mean + 5, parameters=parameters)
    low = 10 * number - (20 if number == 1 else 3)  # the second point's difference is noise
    return PointRow(label, 3, mean, mean - 5, mean + 5, 100.0, 10.0 * number, low, 10 * number + 3, False, parameters)


@pytest.fixture
def points():
    """Return a function that makes the table of a sweep over axes (name -> values), with so many metrics."""

    def make(axes, metrics=("latency.p99",)):
        rows = [{}]
        for name, values in axes.items():
            rows = [{**row, name: value} for row in rows for value in values]
        table = tuple(row(number, parameters, rows[0]) for number, parameters in enumerate(rows))
        tables = tuple(MetricTable(name, "ns", "lower", table) for name in metrics)
        return SweepTable("two-socket", "mixed-remote", (), table[0].label, "", tables, (), ())

    return make


@pytest.fixture
def with_orders(points):
    """Return a sweep as `tune --order` makes it: one point leaves the order alone, the others set two parameters."""
    table = points({"cpu_partial": ["0", "30"], "order": ["", "0", "2"]})

    def told(row):
        order = row.parameters["order"]
        both = {f"kernel.slub_{end}_order": order for end in ("min", "max")} if order else {}
        return replace(row, parameters={"cpu_partial": row.parameters["cpu_partial"], **both})

    metrics = tuple(replace(metric, rows=tuple(map(told, metric.rows))) for metric in table.metrics)
    return replace(table, metrics=metrics)

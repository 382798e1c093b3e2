"""Paired comparisons from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.api.columns import Columns
from simslab.api.inputs import MachineLike, Overrides, WorkloadLike, listed, names_of, reader_of, settings_of
from simslab.base.errors import UserError, near_miss
from simslab.experiment.compare import Plan, make_plan, write_comparison
from simslab.experiment.compare import compare as run_comparison
from simslab.experiment.figures.metrics import DEFAULT, metric
from simslab.experiment.variants import Variant
from simslab.report.comparison.comparison import Comparison as ComparisonData
from simslab.report.comparison.comparison import Difference, comparison_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIELDS: Final = ("arm", "metric", "base_mean", "variant_mean", "mean", "low", "high", "verdict")


class Comparison:
    """Arms run with the same seeds, and their differences from the base with 95 % paired intervals.

    >>> import simslab
    >>> comparison = simslab.compare(
    ...     "two-socket", "mixed-remote", {"far": {"links.upi.latency": "120 ns"}},
    ...     overrides={"scale": 0.02}, seeds=3, metrics=["latency.mean"],
    ... )
    >>> comparison.difference("far", "latency.mean").verdict()
    'higher'
    """

    def __init__(self, plan: Plan, data: ComparisonData) -> None:
        self.plan = plan
        self.data = data

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms' names, base first."""
        return tuple(arm.name for arm in self.data.arms)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: arms that are the same, what the seeds drew, which arm may be called best."""
        return self.data.notes

    @property
    def differences(self) -> Columns:
        """Every arm's difference from the base by metric: arm, metric, base_mean, variant_mean, mean, low, high,
        verdict; `low` and `high` are NaN where there is no interval."""
        rows = self.data.differences
        columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in FIELDS[:-1]}
        for name in ("low", "high"):
            columns[name] = [float("nan") if value is None else value for value in columns[name]]
        return Columns({**columns, "verdict": [row.verdict() for row in rows]})

    def difference(self, arm: str, name: str) -> Difference:
        """Return one arm's difference in one metric; UserError if there is none."""
        label = metric(name).label
        found = [row for row in self.data.differences if (row.arm, row.metric) == (arm, label)]
        if not found:
            known = [f"{row.arm} {row.metric}" for row in self.data.differences]
            raise UserError(f"no difference of {arm} in {name}", near=near_miss(f"{arm} {name}", known))
        return found[0]

    def to_dataframe(self) -> Any:
        """Return the differences as a pandas DataFrame."""
        return self.differences.to_dataframe()

    def figure(self, path: str | Path | None = None) -> Figure:
        """Return the figure of the arms' latencies; with `path` it is also written there."""
        from simslab.report.canvas import check_drawable, house_style, write_figure
        from simslab.report.comparison.comparison_figure import comparison_figure

        if path is not None:
            check_drawable(Path(path))
        with house_style():
            figure = comparison_figure(self.data)
            if path is not None:
                write_figure(figure, Path(path))
        return figure

    def text(self) -> str:
        """Return what `simslab compare` prints."""
        return comparison_text(self.data)

    def save(self, directory: str | Path) -> None:
        """Write the directory that `simslab compare --out` writes."""
        write_comparison(self.plan, self.data, Path(directory))

    def __repr__(self) -> str:
        found = [row for row in self.data.differences if row.distinguishable]
        return (
            f"<Comparison: {self.data.workload} on {self.data.machine}, {len(self.data.seeds)} seeds\n"
            f" arms: {', '.join(self.arms)}; {len(found)} of {len(self.data.differences)} differences are no noise>"
        )

    def _repr_html_(self) -> str:
        return self.differences._repr_html_()


def compare(
    machine: MachineLike,
    workload: WorkloadLike,
    variants: Mapping[str, Overrides],
    *,
    seeds: int = 10,
    first_seed: int | None = None,
    overrides: Overrides | None = None,
    base: str | None = None,
    metrics: Sequence[str] = DEFAULT,
    correct: bool = False,
    vary: str = "start",
    precision: float = 0.0,
    max_seeds: int = 100,
    processes: int = 1,
) -> Comparison:
    """Compare variants, each a name and what it changes, with the unmodified arm (or the one named `base`).

    All arms run with the same seeds. With `precision` (a share of the base's mean) seeds are added until the first
    metric's intervals are that narrow, up to `max_seeds`. `correct` widens the intervals so that those of a metric hold
    together; `vary` says what the seed draws of a recorded trace. The result does not depend on `processes`.
    """
    names = names_of(machine, workload)
    arms = [Variant(name, tuple(settings_of(changes))) for name, changes in variants.items()]
    plan = make_plan(
        *names,
        settings_of(overrides),
        arms,
        seeds=seeds,
        first_seed=first_seed,
        base=base,
        chosen=listed(metrics),
        vary=vary,
        reader=reader_of(machine, workload),
    )
    return Comparison(plan, run_comparison(plan, processes=processes, correct=correct,
                                           precision=precision, max_seeds=max_seeds))  # fmt: skip

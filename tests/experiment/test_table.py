from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.experiment.figures.metrics import NO_FIGURE, metrics
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import make_grid
from simslab.experiment.store.store import Store
from simslab.experiment.stored_table import stored_table
from simslab.experiment.sweep import sweep
from simslab.experiment.table import Samples, base_point, best_lines, metric_table, samples, sweep_table


def test_points_are_compared_with_the_first_paired_by_seed(swept, small_grid):
    with Store.open(swept) as store:
        table = sweep_table(store, small_grid())
        found = samples(store, small_grid())
    base, other = table.metrics[0].rows
    assert base.label == table.base == "tunables.churn.limit=8"
    assert base.difference is None
    values = [found.of("latency.mean", label) for label in found.labels]
    assert other.difference == pytest.approx(sum(values[1][s] - values[0][s] for s in (1, 2)) / 2)
    assert other.seeds == 2


def test_only_the_seeds_that_were_asked_for_are_in_a_table(small_grid, tmp_path):
    first, second = small_grid(["8", "64"]), small_grid(["8", "64"], first_seed=101)
    with Store.create(tmp_path / "both.db") as store, Store.create(tmp_path / "alone.db") as alone:
        sweep(first, store)
        sweep(second, store)
        sweep(second, alone)
        assert sweep_table(store, second) == sweep_table(alone, second)
        assert list(samples(store, first).of("latency.mean", "tunables.churn.limit=8")) == [1, 2]
        assert [row.seeds for row in stored_table(store).metrics[0].rows] == [4, 4]


def test_each_point_may_have_seeds_of_its_own(swept, small_grid):
    grid = small_grid()
    with Store.open(swept) as store:
        table = sweep_table(store, grid, seeds={grid.points[0].label: [1, 2], grid.points[1].label: [2]})
    assert [row.seeds for row in table.metrics[0].rows] == [2, 1]


def test_another_point_can_be_the_base(swept, small_grid):
    with Store.open(swept) as store:
        table = sweep_table(store, small_grid(), base="tunables.churn.limit=64")
    assert table.base == "tunables.churn.limit=64"
    assert table.metrics[0].rows[1].difference is None


def test_a_base_that_is_no_point_is_told(small_grid):
    with pytest.raises(UserError, match=r"tunables\.churn\.limit=9' is no point"):
        base_point(small_grid(), "tunables.churn.limit=9")
    with pytest.raises(UserError, match="could mean 2 points"):
        base_point(small_grid(), "machine=one-node")


def test_a_base_may_be_given_by_the_last_part_of_its_path(small_grid):
    assert base_point(small_grid(), "limit=64").values["tunables.churn.limit"] == "64"


def test_a_base_whose_name_ends_two_axes_is_refused_and_one_axis_is_meant_before_a_setting(small_grid):
    axes = (Axis("workload.tunables.kmalloc-64.limit", ("9", "64")),)
    with pytest.raises(UserError, match=r"--base: 'limit=64': 'limit' could mean several; expected tunables\.churn\.l"):
        base_point(small_grid(axes=axes), "limit=64")
    design = small_grid(["50"], axes=(Axis("core.ipc", ("2", "3")),)).design
    grid = make_grid(replace(design, settings=(*design.settings, "tunables.kmalloc-64.limit=64")))
    assert base_point(grid, "limit=50,ipc=3").values["core.ipc"] == "3"


def test_the_best_is_claimed_with_its_correction(swept, small_grid):
    with Store.open(swept) as store:
        table = sweep_table(store, small_grid())
    assert len(table.best) == 3
    assert all("Bonferroni-t over 1 comparison" in told for told in table.best)
    assert "best mean is tunables.churn.limit=8" in table.best[2]  # fewer objects parked; two seeds cannot be sure


def test_corrected_differences_are_wider(small_grid, tmp_path):
    grid = small_grid(["8", "16", "64"])
    with Store.create(tmp_path / "a.db") as store:
        sweep(grid, store)
        alone, together = (sweep_table(store, grid, correct=correct) for correct in (False, True))
    rows = [table.metrics[2].rows[2] for table in (alone, together)]
    assert rows[1].difference_high - rows[1].difference_low > rows[0].difference_high - rows[0].difference_low
    assert together.correction == "Bonferroni-t, 2 comparisons"


def test_a_metric_that_no_run_has_a_figure_for_is_told():
    values = {"a": {1: {"latency.mean:@c": None}}, "b": {1: {"latency.mean:@c": None}}}
    (told,) = best_lines(Samples(("a", "b"), values), metrics(["latency.mean:@c"]))
    assert told == f"latency.mean:@c: {NO_FIGURE}"


def test_what_is_best_and_means_go_by_the_seeds_that_two_points_share():
    base = {seed: {"latency.mean": 50.0 + seed % 7} for seed in range(1, 41)}
    worse = {seed: {"latency.mean": 80.0 + seed % 5} for seed in range(1, 41)}
    same = {seed: base[seed] for seed in (4, 5, 6)}
    found = Samples(("base", "worse", "same"), {"base": base, "worse": worse, "same": same})
    (told,) = best_lines(found, metrics(["latency.mean"]), "base")
    assert told.startswith("latency.mean: best mean is base, not told apart from it: same (")
    at, _, equal = metric_table(found, metrics(["latency.mean"])[0], "base").rows
    assert (equal.verdict(), equal.mean, equal.seeds) == ("equal", at.mean, 3)
    assert (at.levelled, equal.levelled) == (False, True)


def test_a_point_is_beside_the_base_with_one_seed_in_common_and_stands_apart_with_none():
    def rows(base, values):
        found = Samples(("base", "point"), {"base": base, "point": values})
        return metric_table(found, metrics(["latency.mean"])[0], "base").rows

    base = {seed: {"latency.mean": 40.0 + seed} for seed in (1, 2, 3)}
    at, one = rows(base, {3: {"latency.mean": 30.0}})
    assert (one.mean, one.difference, one.low, one.levelled) == (at.mean - 13, -13, None, True)
    assert not one.apart
    at, none = rows(base, {7: {"latency.mean": 30.0}})
    assert (none.mean, none.difference, none.levelled, none.apart) == (30, None, False, True)
    assert not at.apart
    assert not rows({1: {"latency.mean": None}}, {7: {"latency.mean": 30.0}})[1].apart


def test_points_without_a_figure_are_told_and_the_others_compared():
    def told(**points):
        values = {label: {seed: {"latency.mean:@c": v} for seed, v in enumerate(row)} for label, row in points.items()}
        (line,) = best_lines(Samples(tuple(points), values), metrics(["latency.mean:@c"]), next(iter(points)))
        return line

    nothing = (None, None, None)
    assert told(a=nothing, b=(1, 2, 1), c=(9, 9, 8)) == (
        "latency.mean:@c: best is b (95 % Bonferroni-t over 1 comparison); no run of a has a figure for it"
    )
    assert told(a=(1, 2, 1), b=nothing) == "latency.mean:@c: a alone has a figure for it"
    assert "no seed in common" in told(a=(1, None, None), b=(None, 1, 2))

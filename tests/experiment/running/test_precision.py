import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.running.precision import parse_precision, seeds_needed, sweep_to_precision
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import Shard, sweep
from simslab.experiment.table import sweep_table


@pytest.mark.parametrize(("text", "share"), [("", 0), ("1%", 0.01), ("0.5 %", 0.005), ("0.02", 0.02)])
def test_a_precision_is_a_share(text, share):
    assert parse_precision(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["0", "1", "200%", "-1%", "a", "nan", "%"])
def test_what_is_no_precision_is_refused(text):
    with pytest.raises(UserError, match="--precision"):
        parse_precision(text)


def test_seeds_are_added_until_it_is_that_precise(small_grid, tmp_path):
    with Store.create(tmp_path / "a.db") as store:
        done = sweep_to_precision(small_grid(seeds=1), store, 0.05, 40)
        seeds = {cell.seed for cell in store.cells()}
    assert len(seeds) > 1
    assert "precision 5 % of latency.mean: reached" in done.notes[0]


def test_a_stated_maximum_ends_it_and_is_told(small_grid, tmp_path):
    with Store.create(tmp_path / "a.db") as store:
        done = sweep_to_precision(small_grid(seeds=1), store, 1e-6, 3)
        seeds = {cell.seed for cell in store.cells()}
    assert len(seeds) == 3
    assert "not reached (3 seeds" in done.notes[0]


def test_what_an_earlier_sweep_left_changes_neither_seeds_nor_table(small_grid, tmp_path):
    grid = small_grid(["8", "16", "64"], seeds=1)
    tables = []
    for name, before in (("new.db", 0), ("used.db", 30)):
        with Store.create(tmp_path / name) as store:
            if before:
                sweep(small_grid(["8", "16", "64"], seeds=before), store)
                sweep(small_grid(["8", "16", "64"], seeds=2, first_seed=90), store)
            done = sweep_to_precision(grid, store, 0.03, 20)
            tables.append((done.notes, sweep_table(store, grid, seeds=done.seeds)))
    assert tables[0] == tables[1]
    assert max(row.seeds for row in tables[0][1].metrics[0].rows) > 2


def test_shards_cannot_be_precise(small_grid, tmp_path):
    with Store.create(tmp_path / "a.db") as store, pytest.raises(UserError, match="no --shard"):
        sweep_to_precision(small_grid(), store, 0.01, 10, shard=Shard(1, 2))


def test_intervals_that_hold_together_are_as_narrow_as_wanted(small_grid, tmp_path):
    grid = small_grid(["8", "16", "24", "32"], metrics=("latency.mean",))
    with Store.create(tmp_path / "a.db") as store:
        done = sweep_to_precision(grid, store, 0.1, 20, correct=True)
        rows = sweep_table(store, grid, correct=True, seeds=done.seeds).metrics[0].rows[1:]
    assert "precision 10 % of latency.mean: reached" in done.notes[0]
    assert all(row.difference_high - row.difference_low <= 2 * 0.1 * row.base_mean for row in rows)


def test_seeds_without_a_figure_are_counted_among_those_that_are_needed():
    pairs = [10.0, 14.0, 10.0, 14.0]
    assert seeds_needed(pairs, 3.0) == 7
    assert seeds_needed(pairs, 3.0, seeds=20) == 31
    assert seeds_needed(pairs, 100.0, seeds=20) == 0
    assert seeds_needed([10.0], 2.5, seeds=20) == 21


@pytest.mark.parametrize(("limits", "told"), [
    (("24", "25", "4000"), "by tunables.mixed.limit=4000 (no figure with a seed of the base)"),
    (("4000", "24"), "not reached: there is no interval"),
])  # fmt: skip
def test_a_precision_is_not_reached_by_points_without_a_figure_to_compare(tmp_path, limits, told):
    settings, axes = ("scale=0.02", "caches.mixed.size=4096"), (Axis("tunables.mixed.limit", limits),)
    names = ("latency.p99:free/flush_slabs",)
    grid = make_grid(Design("two-socket", "mixed-remote", settings, axes, seeds=2, metrics=names))
    with Store.create(tmp_path / "s.db") as store:
        (note,) = sweep_to_precision(grid, store, 0.9, 4).notes
    assert ": not reached" in note
    assert told in note

import re
from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.grid.knobs import Knobs
from simslab.experiment.grid.space import Space
from simslab.experiment.inputs import load_inputs
from simslab.experiment.store.store import Store
from simslab.experiment.stored_table import stored_table
from simslab.experiment.table import Samples
from simslab.experiment.tune import judge, own_tunables, proposed_note, search, tune_design

BASE = Design("two-socket", "mixed-remote", ("scale=0.02",), seeds=2, metrics=("latency.p99", "memory.arrays:{cache}"))
ON_SLUB = "workload.kernel.allocator=slub"
OWN = Knobs("slab", "pool_workqueue", (120, 60, 8))
SPACE = Space(("mixed",), (OWN,))


def test_a_caches_own_numbers_and_name_are_the_kernels():
    inputs = load_inputs("two-socket", "mixed-remote")
    assert own_tunables(inputs, "mixed") == OWN
    assert own_tunables(inputs, "kmalloc-4k").own == (24, 12, 8)
    with pytest.raises(UserError, match="did you mean 'kmalloc-64'"):
        own_tunables(inputs, "kmaloc-64")


def test_a_slub_caches_own_numbers_are_its_attributes_and_its_order():
    inputs = load_inputs("two-socket", "mixed-remote", [ON_SLUB])
    assert own_tunables(inputs, "mixed") == Knobs("slub", "pool_workqueue", (13, 5, 100, 1))


@pytest.mark.parametrize("knobs", [OWN, Knobs("slub", "kmalloc-64", (30, 5, 100, 0))])
def test_a_tunable_of_the_other_allocator_is_refused(knobs):
    foreign = "cpu_partial" if knobs.allocator == "slab" else "limit"
    with pytest.raises(UserError, match=f"'{foreign}' is not a tunable of {knobs.allocator.upper()}"):
        Space(("a",), (knobs,)).rows({foreign: ["30"]})


@pytest.mark.parametrize(
    ("grid", "numbers"),
    [
        ({"limit": ["30", "60"]}, [(120, 60, 8), (30, 30, 8), (60, 60, 8)]),
        ({"limit": ["x0.5", "x1", "x2"]}, [(120, 60, 8), (60, 60, 8), (240, 60, 8)]),
        ({"limit": ["30"], "batchcount": ["15", "60"]}, [(120, 60, 8), (30, 15, 8)]),
        ({"shared": ["0", "x2"]}, [(120, 60, 8), (120, 60, 0), (120, 60, 16)]),
    ],
)
def test_the_grid_holds_the_kernels_own_first_and_nothing_that_it_would_refuse(grid, numbers):
    rows = SPACE.rows(grid)
    points = make_grid(tune_design(BASE_PLAIN, SPACE, rows)).points
    assert rows == numbers
    assert all(point.inputs.workload.tunables["mixed"].limit == n[0] for point, n in zip(points, numbers, strict=True))


BASE_PLAIN = Design("two-socket", "mixed-remote", ("scale=0.02",), metrics=("latency.p99",))


@pytest.mark.parametrize("grid", [{"limit": ["a"]}, {"limit": ["1.5"]}, {"shared": ["-1x"]}])
def test_what_is_no_number_is_refused(grid):
    with pytest.raises(UserError, match="is no"):
        SPACE.rows(grid)


def judged(**points):
    """Judge made-up points: name -> values of (p99, throughput) by seed."""
    values = {
        label: {seed: {"latency.p99": p99, "throughput": through} for seed, (p99, through) in enumerate(rows)}
        for label, rows in points.items()
    }
    numbers = {label: (n + 1, 1, 0) for n, label in enumerate(points)}
    return judge(Samples(tuple(points), values), numbers, ("latency.p99", "throughput"))


def test_the_front_is_what_nothing_beats_in_everything():
    tuning = judged(
        default=[(10, 5), (11, 5)], faster=[(8, 5), (9, 5)], throughput=[(12, 9), (12, 9)], worse=[(13, 8), (13, 8)]
    )
    assert [candidate.label for candidate in tuning.candidates if candidate.front] == ["faster", "throughput"]


def test_the_best_of_the_front_is_recommended_where_it_is_no_noise():
    rows = [(10.0, 5), (11.0, 5), (10.5, 5)]
    tuning = judged(
        default=rows, better=[(a - 2, b) for a, b in rows], best=[(a - 3, b - 1) for a, b in rows],
        lucky=[(5.0, 5), (14.0, 5), (5.0, 4)],
    )  # fmt: skip
    assert tuning.recommended.label == "best"
    assert tuning.correction == "Bonferroni-t over 3 comparisons"


def test_the_default_is_recommended_where_nothing_is_surely_better():
    tuning = judged(default=[(10, 5), (11, 5), (10, 5)], lucky=[(5, 5), (14, 5), (9, 5)])
    assert tuning.recommended is tuning.default


def test_a_search_measures_the_memory_of_the_cache_and_keeps_its_runs(tmp_path):
    found = search(BASE, ["mixed"], {"limit": ["16"]}, tmp_path / "t.db", 1)
    assert found.failures == []
    assert found.table.alias == "mixed"
    assert found.table.cache == "pool_workqueue"
    memory = [row.objectives["memory.arrays:pool_workqueue (bytes)"].mean for row in found.table.rows]
    assert memory[1] < memory[0]
    assert (tmp_path / "t.db").exists()


def test_the_store_of_a_search_compares_with_the_kernels_own_choice(tmp_path):
    search(BASE, ["mixed"], {"limit": ["16"]}, tmp_path / "t.db", 1)
    with Store.open(tmp_path / "t.db") as store:
        table = stored_table(store)
    assert len(table.metrics[0].rows) == 2
    assert f"tunables.mixed.limit={OWN.own[0]}" in table.base


@pytest.mark.parametrize("text", ["xinf", "x1e999", "-5", "0"])
def test_limits_that_cannot_be_are_refused(text):
    with pytest.raises(UserError, match=f"'{text}' is no limit"):
        SPACE.rows({"limit": [text]})


def test_a_search_on_slub_finds_what_its_attributes_and_the_order_change(tmp_path):
    base = Design("two-socket", "mixed-remote", ("scale=0.02", ON_SLUB), seeds=2, metrics=("latency.mean",))
    found = search(base, ["mixed"], {"cpu_partial": ["0"], "order": ["x1", "3"]}, tmp_path / "t.db", 1)
    assert found.failures == []
    assert [row.numbers for row in found.table.rows] == [(13, 5, 100, 1), (0, 5, 100, 1), (0, 5, 100, 3)]
    means = [next(iter(row.objectives.values())).mean for row in found.table.rows]
    assert len(set(means)) == 3
    assert found.table.apply.splitlines()[0].endswith("> /sys/kernel/slab/pool_workqueue/cpu_partial")


def test_several_caches_are_tuned_together_each_with_its_own_memory(tmp_path):
    found = search(BASE, ["mixed", "kmalloc-64"], {"limit": ["16"]}, tmp_path / "t.db", 1)
    assert [row.numbers for row in found.table.rows] == [
        (120, 60, 8, 120, 60, 8), (120, 60, 8, 16, 16, 8), (16, 16, 8, 120, 60, 8), (16, 16, 8, 16, 16, 8)
    ]  # fmt: skip
    assert found.table.tunables[2:4] == ("mixed.shared", "kmalloc-64.limit")
    memory = [name for name in found.table.rows[0].objectives if name.startswith("memory")]
    assert memory == ["memory.arrays:pool_workqueue (bytes)", "memory.arrays:kmalloc-64 (bytes)"]
    assert "mixed is an alias of pool_workqueue: the kernel merged them." in found.table.notes
    assert found.table.apply.count("> /proc/slabinfo") == 2


def test_proposals_are_judged_like_a_grid_and_come_out_the_same(tmp_path):
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    tables = [
        search(BASE, ["mixed"], {"limit": ["8:240"], "shared": ["0", "8"]}, tmp_path / name, jobs, trials=6).table
        for name, jobs in (("a.db", 1), ("b.db", 2))
    ]
    assert tables[0] == tables[1]
    numbers = [row.numbers for row in tables[0].rows]
    assert numbers[0] == (120, 60, 8)
    assert 1 < len(numbers) <= 7
    assert all(8 <= limit <= 240 and batchcount <= limit and shared in (0, 8) for limit, batchcount, shared in numbers)


def test_a_search_judges_the_seeds_that_were_asked_for_whatever_the_store_holds(tmp_path):
    search(BASE, ["mixed"], {"limit": ["x0.5"]}, tmp_path / "used.db", 1)
    later = replace(BASE, first_seed=101)
    tables = [search(later, ["mixed"], {"limit": ["x2"]}, tmp_path / name, 1).table for name in ("used.db", "new.db")]
    assert tables[0] == tables[1]


def test_other_seeds_try_the_same_first_proposals(tmp_path):
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    grid = {"limit": ["8:240"]}
    tables = [
        search(replace(BASE, first_seed=seed), ["mixed"], grid, tmp_path / "t.db", 1, trials=4).table
        for seed in (None, 101)
    ]
    assert [row.numbers for row in tables[0].rows] == [row.numbers for row in tables[1].rows]
    assert tables[0] != tables[1]


@pytest.mark.parametrize(
    ("limits", "told"),
    [([10, 11, 10], "allow for."), ([5, 6, 5], "confirm the choice with other seeds, --limit 60 --seed 9 in place of")],
)
def test_a_proposed_choice_comes_with_the_options_that_confirm_it(limits, told):
    values = {"own": [10.0, 11.0, 10.5], "other": limits}
    found = {label: {seed: {"latency.p99": value} for seed, value in enumerate(row)} for label, row in values.items()}
    tuning = judge(Samples(tuple(values), found), {"own": SPACE.own, "other": (60, 60, 8)}, ("latency.p99",))
    assert told in proposed_note(SPACE, tuning, 9)


def test_an_order_that_the_cache_would_not_get_is_refused_before_anything_runs(tmp_path):
    on_slub = Design("one-node", "local-churn", (ON_SLUB, "scale=0.005"), seeds=2, metrics=("throughput",))
    with pytest.raises(UserError, match=r"--order: 0: the kernel gives kmalloc-8k slabs of order 1 nevertheless"):
        search(on_slub, ["kmalloc-8k"], {"order": ["0", "2"]}, tmp_path / "t.db", 1)
    assert search(on_slub, ["churn"], {"order": ["0"]}, tmp_path / "t.db", 1).table.rows[1].numbers[-1] == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("tunables.mixed.limit=30", "'tunables.mixed.limit' varies, and is set for all points"),
        (
            "workload.tunables.mixed={limit: 60, batchcount: 30, shared: 8}",
            "'workload.tunables.mixed' is set for all points, and nothing is left of it",
        ),
    ],
)
def test_a_tunable_that_is_set_for_all_tunings_is_refused(tmp_path, setting, told):
    base = Design("two-socket", "mixed-remote", (setting,), seeds=2, metrics=("latency.mean",))
    with pytest.raises(UserError, match=f"^--set {re.escape(setting)}: {told}"):
        search(base, ["mixed"], {"limit": ["16"]}, tmp_path / "t.db", 1)


@pytest.mark.parametrize("name", ["operations:alloc/hit", "pages.numa_hit"])
def test_an_objective_without_a_better_end_is_refused(tmp_path, name):
    base = Design("two-socket", "mixed-remote", seeds=2, metrics=("throughput", name))
    told = f"--objective: '{name}' has no better end.*such as latency.p99, throughput"
    with pytest.raises(UserError, match=told):
        search(base, ["mixed"], {"limit": ["16"]}, tmp_path / "t.db", 1)


REFUSED = {"limit": ["30", "4094"], "batchcount": ["30", "4094"], "shared": ["x1", "1024"]}  # 32 MiB of shared array
AS_REFUSED = "tunables.mixed.limit=4094, tunables.mixed.batchcount=4094, tunables.mixed.shared=1024"


def test_a_tuning_that_the_kernel_refuses_is_named_and_the_others_are_judged(tmp_path):
    base = replace(BASE, settings=("scale=0.005",), metrics=("latency.mean",))
    found = search(base, ["mixed"], REFUSED, tmp_path / "t.db", 1)
    assert found.table is not None
    assert [row.numbers for row in found.table.rows][-1] == (4094, 4094, 8)
    assert len(found.table.rows) == 6
    assert f"{AS_REFUSED} is left out: 2 of its 2 runs failed." in found.table.notes
    assert found.table.correction == "Bonferroni-t over 5 comparisons"
    assert len(found.failures) == 2
    assert all("the kernel refuses it for cache 'pool_workqueue' (ENOMEM)" in told for told in found.failures)


def test_nothing_is_judged_where_the_kernels_own_choice_fails(tmp_path, monkeypatch):
    base = replace(BASE, settings=("scale=0.005",), metrics=("latency.mean",))
    monkeypatch.setattr("simslab.experiment.tune.own_tunables", lambda *_: Knobs("slab", "c", (4094, 4094, 1024)))
    found = search(base, ["mixed"], {"limit": ["x1"]}, tmp_path / "t.db", 1)
    assert found.table is None
    assert len(found.failures) == 2


def test_a_tuning_without_a_figure_for_an_objective_is_named_and_the_others_are_judged(tmp_path):
    settings = ("scale=0.02", "caches.mixed.size=4096")  # whose own limit is 24
    base = replace(BASE, settings=settings, metrics=("latency.mean", "latency.p99:free/flush_slabs"))
    found = search(base, ["mixed"], {"limit": ["4094", "30"]}, tmp_path / "t.db", 1)
    assert [row.numbers[0] for row in found.table.rows] == [24, 30]
    assert any("has no latency.p99:free/flush_slabs" in note for note in found.table.notes)


def test_means_of_a_tuning_that_has_a_figure_with_some_seeds_alone_stand_beside_the_defaults():
    values = {
        "own": {1: {"latency.p99": 10.0}, 2: {"latency.p99": 20.0}},
        "other": {2: {"latency.p99": 19.0}, 3: {"latency.p99": 90.0}},
    }
    tuning = judge(Samples(tuple(values), values), {"own": SPACE.own, "other": (60, 60, 8)}, ("latency.p99",))
    assert tuning.candidates[1].means == {"latency.p99": 14.0}


def test_proposals_that_the_kernel_refuses_do_not_end_a_search(tmp_path):
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    base = replace(BASE, settings=("scale=0.005",), metrics=("latency.mean",))
    grid = {"limit": ["4094"], "batchcount": ["4093:4094"], "shared": ["1000:1024"]}
    found = search(base, ["mixed"], grid, tmp_path / "t.db", 1, trials=2)
    assert [row.numbers for row in found.table.rows] == [(120, 60, 8)]
    assert found.failures

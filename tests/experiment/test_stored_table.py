"""The table of a store that is opened alone: its points, their order, what is compared with what."""

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.store.store import Store
from simslab.experiment.stored_table import stored_table
from simslab.experiment.sweep import sweep
from simslab.experiment.table import sweep_table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with two axes, and the grid that it was made from."""
    axes = (Axis("tunables.churn.limit", ("120", "16")), Axis("dram.latency", ("x1", "x2")))
    names = ("latency.mean", "memory.arrays")
    grid = make_grid(Design("one-node", "local-churn", ("scale=0.005",), axes, seeds=2, metrics=names))
    store = Store.create(tmp_path_factory.mktemp("store") / "s.db")
    sweep(grid, store)
    yield store, grid
    store.close()


def test_values_are_absolute_and_points_in_order_of_size(made):
    rows = stored_table(made[0]).metrics[0].rows
    latency = "dram.latency"
    assert [(row.parameters["tunables.churn.limit"], row.parameters[latency].split()[1]) for row in rows] == [
        ("16", "ns"), ("120", "ns"), ("16", "ns"), ("120", "ns"),
    ]  # fmt: skip
    assert float(rows[2].parameters[latency].split()[0]) == 2 * float(rows[0].parameters[latency].split()[0])


def test_figures_are_those_of_the_sweeps_own_table(made):
    store, grid = made
    ours = {frozenset(row.parameters.items()): row.mean for row in stored_table(store).metrics[0].rows}
    theirs = {frozenset(row.parameters.items()): row.mean for row in sweep_table(store, grid).metrics[0].rows}
    assert ours == theirs


def test_what_does_not_vary_is_told_apart(made):
    table = stored_table(made[0])
    assert (table.machine, table.workload, table.settings) == ("one-node", "local-churn", ("scale=0.005",))


def test_of_a_setting_what_varies_within_it_is_told_apart(tmp_path):
    settings = ("scale=0.005", "tunables.churn={limit: 60, batchcount: 30, shared: 8}")
    axes = (Axis("tunables.churn.limit", ("60", "90")),)
    grid = make_grid(Design("one-node", "local-churn", settings, axes, metrics=("latency.mean",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        told = stored_table(store).settings
    assert told == ("scale=0.005", f"{settings[1]} (but for tunables.churn.limit)")


def test_a_point_may_be_the_base_and_values_may_be_held(made):
    table = stored_table(made[0], ["memory.arrays"], base="limit=120", at={"dram.latency": "x2"})
    assert [metric.metric for metric in table.metrics] == ["memory.arrays"]
    (row,) = [row for row in table.metrics[0].rows if row.difference is not None]
    assert row.parameters == {"tunables.churn.limit": "16"} | {
        key: value for key, value in row.parameters.items() if key == "dram.latency"
    }


@pytest.mark.parametrize("latency", ["x2", None])
def test_the_base_may_be_given_as_typed_or_absolute(made, latency):
    last = stored_table(made[0]).metrics[0].rows[-1]
    wanted = latency or last.parameters["dram.latency"]
    assert stored_table(made[0], base=f"limit=120,dram.latency={wanted}").base == last.label


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"names": ["throughput"]}, "no throughput is stored; expected latency.mean, memory.arrays"),
        ({"at": {"limits": "16"}}, "'limits' does not vary; expected dram.latency"),
        ({"at": {"limit": "17"}}, "tunables.churn.limit: no cell has '17'; expected 16, 120"),
        ({"base": "limit=16"}, "could mean 2 points"),
        ({"base": "limit=17"}, "is no point"),
    ],
)
def test_what_is_not_there_is_refused(made, options, told):
    with pytest.raises(UserError, match=told):
        stored_table(made[0], **options)


def test_the_base_is_the_last_sweeps_whatever_its_place_with_held_values_for_its_own(made):
    store, grid = made
    try:
        for point in (grid.points[0], grid.points[2]):
            store.compare_with(point.label)
            limit = point.parameters["tunables.churn.limit"]
            assert f"tunables.churn.limit={limit}" in stored_table(store).base
            at = stored_table(store, at={"dram.latency": "x2"}).base
            assert (f"tunables.churn.limit={limit}" in at, at != stored_table(store).base) == (True, True)
            assert stored_table(store, at={"limit": "16"}).base.endswith("=16")
    finally:
        store.connection.execute("DELETE FROM about WHERE name = 'base'")


def test_runs_that_differ_in_what_the_seed_draws_of_a_trace_are_points_of_their_own(tmp_path):
    def swept(**more):
        axes = (Axis("core.ipc", ("2", "4")),)
        made = make_grid(Design("one-node", "untar-rm", ("scale=0.002",), axes, metrics=("latency.mean",), **more))
        sweep(made, store)
        first = {point.label: (1,) for point in made.points}  # the one seed that all have in common with the base
        return {row.mean for row in sweep_table(store, made, seeds=first).metrics[0].rows}

    with Store.create(tmp_path / "s.db") as store:
        theirs = [swept(), swept(seeds=2, vary="start"), swept(seeds=2, vary="placement")]
        rows = stored_table(store).metrics[0].rows
    assert {(row.parameters.get("trace.vary"), row.seeds) for row in rows} == {
        (None, 1),
        ("start", 1),
        ("placement", 1),
    }
    assert {row.mean for row in rows} == set().union(*theirs)


def test_what_the_seed_draws_is_no_parameter_where_the_workload_says_it(tmp_path):
    axes = (Axis("workload", ("untar-rm", "local-churn")),)
    grid = make_grid(Design("one-node", None, ("scale=0.002",), axes, seeds=2, metrics=("latency.mean",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        assert [dict(row.parameters) for row in stored_table(store).metrics[0].rows] == [
            {"workload": "local-churn"},
            {"workload": "untar-rm"},
        ]


def test_an_empty_store_has_no_table(tmp_path):
    with Store.create(tmp_path / "s.db") as store, pytest.raises(UserError, match="holds no finished run"):
        stored_table(store)


def test_points_that_are_missing_because_their_runs_failed_are_told(made, tmp_path):
    axes = (Axis("threads[0].cpus", ("first 1", "0-63")),)
    grid = make_grid(Design("one-node", "local-churn", ("scale=0.005",), axes, seeds=2, metrics=("throughput",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        table = stored_table(store)
    assert table.notes == ("2 runs of 1 point failed and are left out",)
    assert stored_table(made[0]).notes == ()


@pytest.fixture(scope="module")
def of_two_limits(tmp_path_factory):
    """A store with two axes whose last part is the same."""
    axes = (Axis("tunables.mixed.limit", ("30", "60")), Axis("tunables.kmalloc-64.limit", ("30", "60")))
    grid = make_grid(Design("two-socket", "mixed-remote", ("scale=0.002",), axes, metrics=("latency.mean",)))
    store = Store.create(tmp_path_factory.mktemp("store") / "s.db")
    sweep(grid, store)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("options", "place"),
    [({"base": "limit=30,tunables.mixed.limit=30"}, "--base"), ({"at": {"limit": "30"}}, "--at")],
)
def test_a_last_part_that_could_mean_several_is_refused_as_in_a_sweep(of_two_limits, options, place):
    told = rf"^{place}: '.*': 'limit' could mean several; expected tunables.*limit or tunables.*limit"
    with pytest.raises(UserError, match=told):
        stored_table(of_two_limits, **options)


def test_of_two_with_one_last_part_each_may_be_named_whole(of_two_limits):
    base = "tunables.mixed.limit=60,tunables.kmalloc-64.limit=30"
    parts = stored_table(of_two_limits, base=base).base.split(", ")
    assert set(parts) == set(base.split(","))

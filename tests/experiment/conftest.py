import pytest
from undrawn_figures import undrawn

from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import sweep

__all__ = ["small_grid", "swept", "undrawn"]
METRICS = ("latency.mean", "throughput", "memory.arrays:churn")


@pytest.fixture(scope="session")
def small_grid():
    """Return a function that makes a grid of runs that take a tenth of a second each."""

    def make(limits=("8", "64"), seeds=2, metrics=METRICS, **more):
        axes = (Axis("tunables.churn.limit", tuple(limits)), *more.pop("axes", ()))
        settings = ("scale=0.005", "workload.kernel.slab_nomerge=true")
        return make_grid(Design("one-node", "local-churn", settings, axes, seeds=seeds, metrics=metrics, **more))

    return make


@pytest.fixture(scope="session")
def swept(small_grid, tmp_path_factory):
    """A store with the results of a small grid."""
    path = tmp_path_factory.mktemp("swept") / "small.db"
    with Store.create(path) as store:
        assert sweep(small_grid(), store).made == 4
    return path

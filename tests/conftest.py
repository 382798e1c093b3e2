"""Which build the tests exercise: said in the header, and checked before the first test.

Tests import the installed `simslab`. The sources that lie beside the tests would import just as well, from a plain
`python -m pytest` in the checkout, and everything would pass without having tested what users run.
"""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from same_in_both import same_in_both

from simslab.base.build import running_build

CHECKOUT = Path(__file__).resolve().parent.parent
# With several workers these begin, so that none is left alone with one of them at the end.
LONG = (
    "test_readme.py",
    "test_leaves.py",
    "test_docs.py",
    "test_determinism.py",
    "test_whole_runs.py",
    "test_golden.py",
    "test_exhaustion.py",
)

# No time limits: plain Python on a busy machine is slow without being wrong. Where the build is prescribed, as in CI,
# the examples are the same every time.
settings.register_profile(
    "simslab",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="SIMSLAB_EXPECT" in os.environ,
)
settings.load_profile("simslab")


def pytest_report_header() -> list[str]:
    """Say which build is tested."""
    build = running_build()
    return [f"simslab: {build} in {build.folder}"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each worker whole files: what a file's tests share is made once. Long programs share nothing: one by one."""
    if config.option.markexpr == "soak":
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # the order of collection
    return LoadFileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)  # before marks are selected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is the same in both builds; let the long files begin where there are several workers."""
    for item in items:
        if same_in_both(item.path.relative_to(CHECKOUT / "tests")):
            item.add_marker("same_in_both")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking at thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _one_process() -> Iterator[None]:
    """Let experiments that do not say how many processes they want run in this one.

    Starting workers takes longer than small runs; tests that are about them ask for two.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _bytecode(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where no bytecode may be left behind, let processes that tests start find what the first of them compiled."""
    if sys.dont_write_bytecode:
        os.environ |= {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("bytecode")),
        }


@pytest.fixture(scope="session", autouse=True)
def tested_build() -> None:
    """Refuse to test anything but the installed build (or, with SIMSLAB_DEV=1, an in-place build of the sources)."""
    build = running_build()
    expected = os.environ.get("SIMSLAB_EXPECT")
    if build.folder.parent == CHECKOUT and os.environ.get("SIMSLAB_DEV") != "1":
        pytest.exit(
            f"the tests import the sources in {build.folder}, not an installed simslab: install with "
            "`pip install '.[test]'` and run `pytest` (not `python -m pytest`, no PYTHONPATH)",
            returncode=2,
        )
    if expected is not None and build.kind != expected:
        pytest.exit(f"expected a {expected} build, got {build}", returncode=2)
    if build.stale:
        pytest.exit(f"the build is {build}", returncode=2)

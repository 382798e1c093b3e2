"""Each folder of the collection has a test: in this folder, or beside what was mended where it holds no input."""

import re
from pathlib import Path

import pytest
from shared_cases import ABSENT, CASES

HERE = Path(__file__).parent
NAMED = re.compile(r'^@case\("([^"]+)"\)', re.MULTILINE)
# What a case asks of other processes, streams, disks and figures.
ELSEWHERE = {
    "fault-06-stdio-closed": (
        "cli/terminal/test_streams.py",
        "test_closed_streams_cost_nothing", "test_a_list_that_nobody_can_read_is_no_failure",
    ),
    "fault-07-jupyter-mplbackend": ("cli/terminal/test_streams.py", "test_a_notebooks_backend_stops_no_figure"),
    "fault-10-disk-full-in-pdf": ("cli/test_bad_input.py", "test_a_full_disk_leaves_no_half_result"),
    "fault-13-pdf-bytes-differ": ("report/run/test_figures.py", "test_the_same_measurement_gives_the_same_bytes"),
    "fault-20-sighup-and-dead-parents-leave-workers": (
        "experiment/running/test_pool.py",
        "test_workers_die_with_a_parent_that_is_killed", "test_a_killed_worker_costs_its_job_alone",
    ),
}  # fmt: skip


@pytest.mark.skipif(not CASES.is_dir(), reason=ABSENT)
def test_every_case_has_a_test():
    sources = [path.read_text() for path in HERE.glob("test_*.py")]
    tested = {name for source in sources for name in NAMED.findall(source)}
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == tested | set(ELSEWHERE)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_tested_elsewhere_is_there(name):
    file, *tests = ELSEWHERE[name]
    source = (HERE.parent / file).read_text()
    assert [test for test in tests if f"def {test}(" not in source] == []

"""Edits of sources and what becomes of them: `python tools/mutations.py`."""

import ast
from pathlib import Path

import pytest
from mutating.edits import edits_of
from mutating.room import own_and_others
from mutations import ROOT, Trial, difference, main, sample

SOURCE = '''
from typing import Final

LIMIT: Final = 8


def taken(count: int, more: bool = False) -> int:
    """How many."""
    if count < LIMIT and not more:
        count += 2 * count
        print(f"{count + 1}")
        return count
    raise ValueError(f"{1 + 1}")
'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "simslab" / "kernel" / "module.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    return path


def edited(module):
    """Each edit as (kind, line as it becomes)."""
    source = module.read_bytes()
    return [(edit.kind, edit.applied(source).decode().splitlines()[edit.line - 1].strip()) for edit in edits_of(module)]


def test_every_kind_of_edit_is_found_in_the_order_of_the_text(module):
    assert edited(module) == [
        ("constant", "LIMIT: Final = (7)"),
        ("constant", "LIMIT: Final = (9)"),
        ("constant", "def taken(count: int, more: bool = True) -> int:"),
        ("condition", "if not (count < LIMIT and not more):"),
        ("comparison", "if count <= LIMIT and not more:"),
        ("boolean", "if count < LIMIT or not more:"),
        ("removed", "pass"),
        ("arithmetic", "count -= 2 * count"),
        ("constant", "count += (1) * count"),
        ("constant", "count += (3) * count"),
        ("arithmetic", "count += 2 + count"),
        ("removed", "pass"),
    ]


def test_every_edit_of_the_package_is_a_program():
    for path in sorted((ROOT / "simslab" / "kernel" / "irq").glob("*.py")):
        for edit in edits_of(path):
            ast.parse(edit.applied(path.read_bytes()))


def test_a_sample_is_drawn_by_its_seed_with_every_kind_in_turn(module):
    first, again, other = (sample([module], 6, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert {edit.kind for edit in first} == {"arithmetic", "boolean", "comparison", "condition", "constant", "removed"}


def test_a_difference_shows_the_edit_alone(module):
    (edit,) = (edit for edit in edits_of(module) if edit.kind == "boolean")
    changed = [
        line
        for line in difference(edit, module.parents[2]).splitlines()
        if line[:1] in "+-" and line[:3] not in "+++---"
    ]
    assert changed == ["-    if count < LIMIT and not more:", "+    if count < LIMIT or not more:"]


def test_a_module_is_judged_by_its_own_test_file_and_then_by_its_folders_others():
    own, others = own_and_others(ROOT, Path("simslab/kernel/irq/smp.py"))
    assert own == [Path("tests/kernel/irq/test_smp.py")]
    assert Path("tests/kernel/irq/test_softirq.py") in others
    assert own[0] not in others


class Room:
    """Test files of fixed lengths, in seconds, of which one fails once a source is edited."""

    def __init__(self, notices="", seconds=None):
        self.notices, self.seconds = notices, seconds or {}
        self.edited = False

    def write(self, path, source):
        self.edited = source != (ROOT / path).read_bytes()

    def run(self, files, limit):
        if sum(self.seconds.get(file.name, 1) for file in files) > limit:
            return "timed out", limit
        failed = self.edited and any(file.name == self.notices for file in files)
        return ("failed" if failed else "passed"), 1.0


@pytest.mark.parametrize(
    ("room", "outcome"),
    [
        (Room("test_smp.py"), "killed (failed) by test_smp.py"),
        (Room("test_softirq.py"), "killed (failed) by tests/kernel/irq"),
        (Room(), "survived"),
        (Room("test_softirq.py", {"test_softirq.py": 1000}), "survived, over 60 s and left out: test_softirq.py"),
    ],
)
def test_an_edit_is_killed_by_the_tests_that_notice_it(room, outcome):
    edit = edits_of(ROOT / "simslab/kernel/irq/smp.py")[0]
    assert Trial(ROOT, room).outcome(edit) == outcome
    assert not room.edited


def test_an_edit_is_not_tried_where_the_tests_fail_anyway():
    class Broken(Room):
        def run(self, files, limit):
            return "failed", 1.0

    outcome = Trial(ROOT, Broken()).outcome(edits_of(ROOT / "simslab/kernel/irq/smp.py")[0])
    assert outcome.startswith("not tried: without it fails test_smp.py")


@pytest.mark.parametrize("under", ["/etc", "tests", "simslab/../tests", "simslab/nothing"])
def test_what_is_not_below_the_package_is_refused(under, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--under", under])
    assert f"--under {under}: expected a folder or file below simslab/" in capsys.readouterr().err

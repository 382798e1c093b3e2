"""Modules translated side by side are what Cython makes of each alone; what fails leaves nothing half written."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("Cython")
if not hasattr(os, "fork"):
    pytest.skip("translates in forks", allow_module_level=True)

TOOL = Path(__file__).parent.parent / "tools" / "translate.py"
SOURCES = {
    "first.py": "class First:\n    def number(self):\n        return self.count + 1\n",
    "first.pxd": "cdef class First:\n    cdef public long long count\n    cpdef long long number(self)\n",
    "second.py": "from first import First\n\ndef total(one):\n    return one.number()\n\nclass Second:\n    pass\n",
    "second.pxd": "from first cimport First\ncdef class Second:\n    cdef First a\ncpdef long long total(First one)\n",
    "broken.py": "class Broken:\n    def of(self) -> int:\n        return 1 +\n",
    "broken.pxd": "cdef class Broken:\n    cdef long long count\n",
}
DIRECTIVES = {"language_level": 3, "annotation_typing": False, "emit_code_comments": False}
PROGRAM = f"""
import runpy, sys
translate = runpy.run_path({str(TOOL)!r})["translate"]
leaves = [(name, name + ".py", {{"module_name": name}}) for name in sys.argv[1:]]
mark = lambda name, path: path.write_text(path.read_text() + "// revised " + name)
translate(leaves, [], "out", {DIRECTIVES!r}, mark)
"""


def translated(folder, *modules):
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *modules], cwd=folder, capture_output=True, text=True, timeout=60
    )
    return done, {path.name: path.read_text() for path in (folder / "out").rglob("*.c")}


def code_of(text):
    """Lines of generated C in any order, without the name of the file that was written."""
    return sorted(line for line in text.splitlines() if ".part" not in line and "revised" not in line)


def test_each_module_gets_its_c_and_is_revised_before_it_appears(tmp_path):
    done, found = translated(tmp_path, "first", "second")
    assert done.returncode == 0, done.stderr
    assert sorted(found) == ["first.c", "second.c"]
    assert found["second.c"].endswith("// revised second")


def test_a_module_is_translated_as_if_it_were_alone(tmp_path):
    _, together = translated(tmp_path, "first", "second")
    (tmp_path / "out" / "second.c").unlink()
    _, alone = translated(tmp_path, "second")
    assert code_of(alone["second.c"]) == code_of(together["second.c"])


def test_what_cannot_be_translated_leaves_no_file(tmp_path):
    done, found = translated(tmp_path, "broken", "first")
    assert "broken.py" in done.stderr
    assert list(found) == ["first.c"]


def test_declarations_of_modules_that_a_leaf_does_not_see_are_not_in_its_c(tmp_path):
    _, found = translated(tmp_path, "first", "second")
    assert "Second" not in found["first.c"]


def test_what_warms_up_is_translated_without_an_error(capfd):
    runpy.run_path(str(TOOL))["warm_up"](DIRECTIVES)
    assert capfd.readouterr() == ("", "")

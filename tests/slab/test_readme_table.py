"""The table of simslab/slab/README.md: every function of mm/slab.c and mm/slab_common.c, and what it names exists.

`kernel_functions.txt` is the list of functions of 5.10, in the order of the files.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import simslab

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SLAB = Path(simslab.__file__).parent / "slab"
TABLE = (ROOT / "simslab" / "slab" / "README.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and line.count("|") == 4 and not line.startswith("| kernel function")
]
CODE = re.compile(r"`([^`]+)`")
BRACKET = re.compile(r"\[(\w+)\]")
NOT_MODELLED = "Not modelled:"
ELSEWHERE = ("kernel/", "workload/", "conform/", "slab_common/")


def kernel_functions():
    lines = (HERE / "kernel_functions.txt").read_text(encoding="ascii").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "mm/"))]


def names(cell):
    """The names in a cell; `a[_b]` stands for a and a_b."""
    found = []
    for text in CODE.findall(cell):
        found += [BRACKET.sub("", text), BRACKET.sub(r"\1", text)] if "[" in text else [text]
    return found


@cache
def defined(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def rooms(cell):
    """(file, functions named there) of the second column."""
    for text in CODE.findall(cell):
        file, _, functions = text.partition(":")
        base = SLAB.parent if file.startswith(ELSEWHERE) else SLAB
        yield base / file, [name.strip() for name in functions.split(",") if name.strip()]


def test_every_function_has_a_row():
    listed = {name for row in ROWS for name in names(row[0])}
    assert [name for name in kernel_functions() if name not in listed] == []


def test_no_function_has_two_rows():
    known = set(kernel_functions())
    listed = [name for row in ROWS for name in names(row[0]) if name in known]
    assert sorted({name for name in listed if listed.count(name) > 1}) == []


def test_the_list_of_functions_names_each_once():
    functions = kernel_functions()
    assert len(functions) == len(set(functions)) > 180


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_names_rooms_and_tests_that_exist_or_says_why_not(row):
    _, here, tests = row
    if here.startswith(NOT_MODELLED):
        assert len(here) > len(NOT_MODELLED) + 8, "no reason"
        return
    found = list(rooms(here))
    assert found or here == "in place"
    for path, functions in found:
        assert path.is_file(), path
        assert [name for name in functions if name not in defined(path)] == []
    assert "golden" in tests or "path costs" in tests or CODE.search(tests), "no test"
    for text in CODE.findall(tests):
        if text.endswith(".py"):
            base = ROOT / "tests" if text.startswith(ELSEWHERE) else HERE
            assert (base / text).is_file(), text


def test_a_function_of_the_table_is_cited_where_it_is_made():
    """The rooms of a row name each function of the kernel's that it lists."""
    missing = []
    for cell, here, _ in ROWS:
        if here.startswith(NOT_MODELLED) or here == "in place":
            continue
        text = "".join(path.read_text(encoding="utf-8") for path, _ in rooms(here))
        for name in names(cell):
            if name.lstrip("_") not in text:
                missing.append(name)
    assert missing == []

"""The `.pxd` of the compiled modules say what the Python sources say: `python tools/declarations.py` mends them."""

import ast
import re
from pathlib import Path

import pytest
from declarations import COMMAND, declarations, differences
from same_in_both import ROOMS

ROOT = Path(__file__).resolve().parent.parent
LOCALS = re.compile(r"@cython\.locals\(([^)]*)\)\s+(?:cp?def) [^\n(]*?(\w+)\(", re.DOTALL)

SHAPES = """
from typing import Any, Final

from pack import colours, buffers
from pack.pen import Pen

LIMIT: Final = 1 << 40
SEEN: Final = 3
NAMES: Final = ("a", "b")


class Shape:
    def __init__(self, pen: Pen, owner: memoryview, name: str) -> None:
        self.pen = pen
        self.owner = owner
        self.sides = buffers.int64_pointer(owner)
        self.name = name
        self.parts: list[Pen] = []
        self.closed = False
        self.log: Any = None

    def area(self, scale: int) -> int:
        total = colours.RED
        for i in range(scale):
            total += self.sides[i] & LIMIT
        first = self.parts[0]
        far = total > LIMIT
        return self.width_of(first) if far else total

    def width_of(self, pen: Pen) -> int:
        return pen.width

    def describe(self) -> str:
        return f"{self.name} {SEEN}"
"""
SHAPES_PXD = """
@cython.final
cdef class Shape:
    # The reason.
    cdef readonly long long closed
    cpdef area(self) noexcept
"""
PEN = """
class Pen:
    def __init__(self) -> None:
        self.width = 2
"""
COLOURS = """
from typing import Final

RED: Final = 1 << 50
LEAST: Final = -(1 << 63)
NONE: Final = ~RED & 0
TOO_LARGE: Final = 1 << 64
WORDS: Final = ("red", "none")
TWO: Final = len(WORDS)
"""
WRITTEN = """\
# Written by tools/declarations.py from shapes.py; its docstring tells what is decided here.
cimport cython
from pack cimport colours
from pack.pen cimport Pen

cdef long long LIMIT


@cython.final
cdef class Shape:
    cdef public Pen pen
    cdef public object owner
    cdef long long* sides
    cdef public str name
    cdef public list parts
    # The reason.
    cdef readonly bint closed
    cdef public object log

    @cython.locals(total=cython.longlong, i=cython.longlong, first=Pen, far=cython.bint)
    cpdef long long area(self, long long scale) noexcept
    cdef long long width_of(self, Pen pen) except? -1
"""


@pytest.fixture
def tree(tmp_path):
    """A small package in which one leaf has no more than a class and a function declared."""
    pack = tmp_path / "pack"
    pack.mkdir()
    for name, text in {
        "__init__.py": "",
        "__init__.pxd": "",
        "shapes.py": SHAPES,
        "shapes.pxd": SHAPES_PXD,
        "pen.py": PEN,
        "pen.pxd": "cdef class Pen:\n    pass\n",
        "colours.py": COLOURS,
        "buffers.py": "def int64_pointer(view: memoryview) -> memoryview:\n    return view\n",
        "user.py": "from pack import shapes\n\nprint(shapes.SEEN)\n",
    }.items():
        pack.joinpath(name).write_text(text)
    return tmp_path


def written(tree, name="shapes"):
    return declarations(tree)[0][tree / "pack" / f"{name}.pxd"]


def change(tree, old, new, name="shapes.py"):
    path = tree / "pack" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_declarations_are_those_that_the_sources_call_for():
    texts, problems = declarations(ROOT)
    found = differences(ROOT, texts)
    assert not found, f"run `{COMMAND}`, which rewrites:\n" + "\n".join(found.values())
    assert not problems, "\n".join(problems)


def test_what_the_build_optimises_further_is_compiled_and_named_once():
    """A module that has moved would lose its optimisation without a word."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    hot = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "HOT"
    ]
    constants = [node.value for value in hot for node in ast.walk(value) if isinstance(node, ast.Constant)]
    names = [name for name in constants if name != "simslab."]
    assert len(names) == len(set(names)) > 20
    for name in names:
        assert "cdef class" in (ROOT / "simslab" / f"{name.replace('.', '/')}.pxd").read_text(encoding="utf-8"), name


def test_rooms_that_the_plain_run_leaves_out_hold_no_compiled_module():
    assert [path for room in ROOMS for path in (ROOT / "simslab" / room).rglob("*.pxd")] == []
    assert all((ROOT / "simslab" / room).is_dir() for room in ROOMS)


def test_local_types_are_given_to_locals_of_the_same_function():
    # Read without the generator: what it believes a local to be may be wrong.
    for path in sorted((ROOT / "simslab").rglob("*.pxd")):
        tree = ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        for names, function in LOCALS.findall(path.read_text(encoding="utf-8")):
            definitions = [n for n in functions if n.name == function]
            for name in re.findall(r"(\w+)=", names):
                bound = [n for d in definitions for n in ast.walk(d) if isinstance(n, ast.Name) and n.id == name]
                assert any(isinstance(n.ctx, ast.Store) for n in bound), f"{path}: {function} has no local {name}"


def test_types_come_from_the_source_and_decisions_from_what_was_declared(tree):
    assert written(tree) == WRITTEN


def test_declarations_written_once_stay_as_they_are(tree):
    tree.joinpath("pack/shapes.pxd").write_text(written(tree))
    assert written(tree) == WRITTEN


def test_integers_of_a_plain_module_become_constants_of_64_bits(tree):
    assert written(tree, "colours") == (
        "# Written by tools/declarations.py from colours.py.\n"
        "cdef extern from *:\n"
        '    const long long RED "1125899906842624LL"\n'
        '    const long long LEAST "(-9223372036854775807LL - 1)"\n'
        '    const long long NONE "0LL"\n'
        '    const long long TWO "2LL"\n'
    )


def test_a_difference_is_shown(tree):
    found = differences(tree, declarations(tree)[0])
    assert "+    cdef public Pen pen" in found[tree / "pack/shapes.pxd"]


def test_a_header_that_no_leaf_uses_any_more_is_a_difference(tree):
    tree.joinpath("pack/colours.pxd").write_text(written(tree, "colours"))
    change(tree, "colours.RED", "0")
    assert "no leaf uses" in differences(tree, declarations(tree)[0])[tree / "pack/colours.pxd"]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("total = colours.RED", "total = self.log.total()", "Shape.area: the type of the local total"),
        ("self.closed = False", "self.closed = self.log.closed()", "Shape.closed: the type of the attribute"),
    ],
)
def test_a_type_that_cannot_be_told_is_a_problem(tree, old, new, name):
    change(tree, old, new)
    assert [name in problem for problem in declarations(tree)[1]] == [True]


def test_an_annotation_settles_what_cannot_be_told(tree):
    change(tree, "total = colours.RED", "total: int = self.log.total()")
    assert declarations(tree)[1] == []
    assert "total=cython.longlong" in written(tree)


def test_a_function_that_plain_modules_call_too_is_declared_for_both(tree):
    change(tree, "print(shapes.SEEN)", "print(shapes.SEEN, shapes.width_of)", "user.py")
    assert "    cpdef long long width_of(self, Pen pen) except? -1\n" in written(tree)


def test_a_line_that_is_not_understood_is_named(tree):
    change(tree, "cpdef area(self) noexcept", "cpdef area(self) perhaps", "shapes.pxd")
    with pytest.raises(Exception, match=r"shapes\.pxd, line 6: not understood: cpdef area"):
        declarations(tree)


def test_a_declared_class_that_is_not_there_is_named(tree):
    change(tree, "class Pen", "class Pencil", "pen.py")
    with pytest.raises(Exception, match=r"pen\.pxd: no class Pen in pen\.py"):
        declarations(tree)

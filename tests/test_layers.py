"""Imports point downwards only, never in a circle, and the event engine stays behind one module."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import simslab

ROOT = Path(simslab.__file__).parent
LAYERS = (
    "base",
    "machine",
    "kernel",
    "allocator",
    "slab_common",
    "slab",
    "slub",
    "conform",
    "result",
    "workload",
    "instruments",
    "report",
    "experiment",
    "api",
    "cli",
)
ONLY_IN_THE_ENGINE = {"simpy", "greenlet"}
ENGINE = ("simslab.base.engine", "simslab.base.contexts.context")
UNDER_DESCRIPTION = {
    "description": (),
    "topology": ("description.",),
    "timing": ("description.", "topology.", "memory.states"),
    "validation": ("description.", "topology."),
}
MOST_FILES = 14
MOST_LINES = 400


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imported_names(node, typing):
    """Yield every name imported below `node`; imports for type checking only where `typing` is set."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"relative import on line {child.lineno}"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif not is_type_checking(child) or typing:
            yield from imported_names(child, typing)


@cache
def imports(module, typing):
    names = imported_names(ast.parse(SOURCES[module].read_text(encoding="utf-8")), typing)
    return tuple(name if name in SOURCES else known_prefix(name) for name in names)


def known_prefix(name):
    prefix = name.rpartition(".")[0]
    return prefix if prefix in SOURCES else name


def layer(module):
    parts = module.split(".")
    return LAYERS.index(parts[1]) if len(parts) > 1 and parts[1] in LAYERS else -1


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_downwards(module):
    if module in {"simslab", "simslab.__main__"}:  # the version; the command, above all layers
        return
    assert layer(module) >= 0, f"{module} belongs to no layer"
    upwards = [name for name in imports(module, True) if name.startswith("simslab.") and layer(name) > layer(module)]
    assert upwards == []


@pytest.mark.parametrize("module", SOURCES)
def test_names_come_from_their_module_not_from_a_package(module):
    packages = {name for name, path in SOURCES.items() if path.name == "__init__.py"}
    allowed = {"simslab", "simslab.__version__"}
    from_packages = [name for name in imports(module, True) if name in packages - allowed]
    assert from_packages == []


def circle_through(start):
    """Return the shortest way from a module back to itself along imports, type-only ones counted; [] if none.

    The package itself tells its version to those below and names the interface above: it is no part of a way.
    """
    before, waiting = {"simslab": None}, [start]
    for module in waiting:
        for name in imports(module, True):
            if name == start and module != start:
                way = [module]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return [*way[::-1], start]
            if name in SOURCES and name not in before and name != start:
                before[name] = module
                waiting.append(name)
    return []


@pytest.mark.parametrize("room", UNDER_DESCRIPTION)
def test_the_parts_of_a_machines_description_depend_on_those_below(room):
    inside = [module for module in SOURCES if module.startswith(f"simslab.machine.{room}.")]
    assert inside
    machine = {name for module in inside for name in imports(module, True) if name.startswith("simslab.machine.")}
    allowed = tuple(f"simslab.machine.{below}" for below in (f"{room}.", *UNDER_DESCRIPTION[room]))
    assert {name for name in machine if not name.startswith(allowed)} == set()


@pytest.mark.parametrize("module", SOURCES)
def test_imports_make_no_circle_even_for_types(module):
    if module == "simslab":
        return
    way = circle_through(module)
    assert not way, " -> ".join(way)


def test_no_folder_has_more_files_than_one_takes_in():
    count = Counter(path.parent for path in SOURCES.values() if path.name != "__init__.py")
    full = {module_name(folder / "__init__.py"): files for folder, files in count.items() if files > MOST_FILES}
    assert full == {}


def test_no_file_is_longer_than_one_reads():
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in SOURCES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("module", SOURCES)
def test_only_the_engine_knows_the_event_library(module):
    if module in ENGINE:
        return
    assert ONLY_IN_THE_ENGINE.isdisjoint(name.split(".")[0] for name in imports(module, True))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.pxd")), ids=lambda path: str(path.relative_to(ROOT)))
def test_declarations_point_downwards_too(path):
    own = layer(module_name(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    imported = [line.split()[1] for line in lines if line.startswith("from simslab.") and " cimport " in line]
    assert [name for name in imported if layer(name) > own] == []

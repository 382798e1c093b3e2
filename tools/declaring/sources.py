"""The Python sources of the packages below a folder: which modules, classes, functions and constants there are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


class SourceError(Exception):
    """A source or a declaration that cannot be understood: the message names the file, the line and what to do."""


@dataclass
class Class:
    """A class as it is written; `leaf` when the module's `.pxd` declares it, so that it is a C struct."""

    module: Module
    node: ast.ClassDef
    leaf: bool = False
    methods: dict[str, Function] = field(default_factory=dict)
    properties: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.node.name

    @property
    def qualified(self) -> str:
        """The dotted name of the class."""
        return f"{self.module.name}.{self.name}"


@dataclass
class Module:
    """A module: its names by kind; a leaf is compiled. `imports` maps names to (module, name in it) or (module, "")."""

    name: str
    path: Path
    tree: ast.Module
    is_leaf: bool = False
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    values: dict[str, ast.Assign | ast.AnnAssign] = field(default_factory=dict)

    @property
    def pxd(self) -> Path:
        """Where the module's declarations are."""
        return self.path.with_suffix(".pxd")

    def finals(self) -> Iterator[tuple[str, ast.expr]]:
        """Yield the module's `Final` names with the expressions of their values."""
        for name, node in self.values.items():
            if is_final(node) and node.value is not None:
                yield name, node.value


def is_final(node: ast.stmt) -> bool:
    """Whether a statement is `NAME: Final = ...`."""
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).split("[")[0] == "Final"


def read_packages(root: Path) -> dict[str, Module]:
    """Return every module of the packages in `root` that have compiled modules, by dotted name."""
    packages = sorted(path.parent for path in root.glob("*/__init__.py") if any(path.parent.rglob("*.pxd")))
    return {
        module.name: module
        for package in packages
        for path in sorted(package.rglob("*.py"))
        for module in [read_module(root, path)]
    }


def read_module(root: Path, path: Path) -> Module:
    """Read one module."""
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
    declared = module.pxd.read_text(encoding="utf-8") if module.pxd.exists() else ""
    module.is_leaf = "cdef class" in declared
    for statement in top_level(module.tree.body):
        _note(module, statement, declared)
    return module


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, with those under `if TYPE_CHECKING` and the like."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from top_level(statement.body)
            yield from top_level(statement.orelse)
        else:
            yield statement


def _note(module: Module, statement: ast.stmt, declared: str) -> None:
    match statement:
        case ast.Import(names=names):
            for alias in names:
                module.imports[alias.asname or alias.name.split(".")[0]] = (alias.name, "")
        case ast.ImportFrom(module=source, names=names, level=0) if source:
            for alias in names:
                module.imports[alias.asname or alias.name] = (source, alias.name)
        case ast.ClassDef():
            module.classes[statement.name] = _class(module, statement, declared)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            module.functions[statement.name] = statement
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            module.values[name] = statement


def _class(module: Module, node: ast.ClassDef, declared: str) -> Class:
    heads = (line.removeprefix("cdef class ") for line in declared.splitlines() if line.startswith("cdef class "))
    leaf = any(head.split("(")[0].split(":")[0].strip() == node.name for head in heads)
    cls = Class(module, node, leaf)
    for statement in node.body:
        if isinstance(statement, Function):
            cls.methods[statement.name] = statement
            if any(ast.unparse(decorator) in ("property", "cached_property") for decorator in statement.decorator_list):
                cls.properties.add(statement.name)
    return cls

"""Constants: the header of a plain module, which makes them C constants, and which of a leaf's own are C variables."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from declaring.kinds import INT
from declaring.sources import Function, Module
from declaring.types import Types

MARK = "# Written by tools/declarations.py from"
PURE = {"len": len, "min": min, "max": max, "sum": sum, "abs": abs, "range": range, "int": int, "__import__": None}
LIMIT = 1 << 63


class Values:
    """The values of constants, found without running the modules: what needs more than arithmetic has none."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._known: dict[tuple[str, str], Any] = {}

    def integers(self, module: Module) -> dict[str, int]:
        """The `Final` integers of a module that fit 64 signed bits."""
        found = {}
        for name, _ in module.finals():
            try:
                value = self.value(module, name)
            except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
                continue
            if type(value) is int and -LIMIT <= value < LIMIT:
                found[name] = value
        return found

    def value(self, module: Module, name: str) -> Any:
        """The value of a name of a module; NameError when it cannot be told."""
        key = (module.name, name)
        if key not in self._known:
            if name in module.values and (expression := module.values[name].value) is not None:
                code = compile(ast.Expression(expression), str(module.path), "eval")
                self._known[key] = eval(code, {"__builtins__": PURE}, _Names(self, module))
            elif name in module.imports:
                self._known[key] = self._imported(*module.imports[name])
            else:
                raise NameError(name)
        return self._known[key]

    def _imported(self, source: str, name: str) -> Any:
        whole = f"{source}.{name}" if name else source
        if whole in self.modules:
            return _Attributes(self, self.modules[whole])
        if source in self.modules:
            return self.value(self.modules[source], name)
        raise NameError(whole)


class _Names(dict[str, Any]):
    """The names of a module, looked up as they are needed."""

    def __init__(self, values: Values, module: Module) -> None:
        super().__init__()
        self.values_of, self.module = values, module

    def __missing__(self, name: str) -> Any:
        try:
            return self.values_of.value(self.module, name)
        except NameError:
            raise KeyError(name) from None


class _Attributes:
    """A module as its constants see it."""

    def __init__(self, values: Values, module: Module) -> None:
        self._values, self._module = values, module

    def __getattr__(self, name: str) -> Any:
        return self._values.value(self._module, name)


def is_written_by_hand(module: Module) -> bool:
    """Whether a plain module's header has C of its own (inline functions)."""
    return module.pxd.exists() and not module.is_leaf and MARK not in module.pxd.read_text(encoding="utf-8")


def imported_modules(modules: Mapping[str, Module], leaf: Module) -> dict[str, Module]:
    """The modules of the packages that a leaf imports as modules, by their name in it."""
    found = {}
    for alias, (source, name) in leaf.imports.items():
        whole = f"{source}.{name}" if name else source
        if whole in modules and (name or alias == source):
            found[alias] = modules[whole]
    return found


def constant_modules(modules: Mapping[str, Module], values: Values) -> dict[str, Module]:
    """The plain modules whose integer constants a leaf uses as `module.NAME`."""
    found = {}
    for leaf in filter(lambda module: module.is_leaf, modules.values()):
        imported = imported_modules(modules, leaf)
        for node in ast.walk(leaf.tree):
            match node:
                case ast.Attribute(value=ast.Name(id=alias), attr=name) if alias in imported:
                    module = imported[alias]
                    if not module.is_leaf and not is_written_by_hand(module) and name in values.integers(module):
                        found[module.name] = module
    return dict(sorted(found.items()))


def header(module: Module, values: Values) -> str:
    """The `.pxd` of a constant module: to Cython and the C compiler each name is its value, with 64 bits."""
    names = [f'    const long long {name} "{literal(value)}"' for name, value in values.integers(module).items()]
    return "\n".join([f"{MARK} {module.path.name}.", "cdef extern from *:", *names, ""])


def literal(value: int) -> str:
    """An integer as C writes it with 64 bits."""
    if value >= 0:
        return f"{value}LL"
    return f"({value}LL)" if value > -LIMIT else f"({value + 1}LL - 1)"


def used_elsewhere(root: Path, modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Names of each leaf that other files, tests among them, use: those cannot be C variables, which only it sees."""
    found: dict[str, set[str]] = {name: set() for name, module in modules.items() if module.is_leaf}
    for module in modules.values():
        _note_uses(module.name, module.tree, found)
    stems = {name.rpartition(".")[2] for name in found}
    for path in sorted(_other_sources(root, {module.path for module in modules.values()})):
        text = path.read_text(encoding="utf-8")
        if any(stem in text for stem in stems):
            _note_uses("", ast.parse(text, str(path)), found)
    return found


def _other_sources(root: Path, known: set[Path]) -> Iterator[Path]:
    folders = [path for path in root.iterdir() if path.is_dir() and path.name not in ("build", "dist")]
    ours = [path for path in folders if not path.name.startswith(".") and not (path / "pyvenv.cfg").exists()]
    return (path for path in chain(*(folder.rglob("*.py") for folder in ours)) if path not in known)


def _note_uses(user: str, tree: ast.Module, found: dict[str, set[str]]) -> None:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(source), names=names):
                if source in found and source != user:
                    found[source] |= {alias.name for alias in names}
                aliases |= {alias.asname or alias.name: f"{source}.{alias.name}" for alias in names}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=alias), attr=name) if aliases.get(alias) in found:
                found[aliases[alias]].add(name)


def variables(leaf: Module, types: Types, used: set[str]) -> list[str]:
    """The `Final` integers of a leaf that its functions use and nothing else: they become C variables."""
    functions = [node for node in ast.walk(leaf.tree) if isinstance(node, Function)]
    inside = {node.id for function in functions for node in ast.walk(function) if isinstance(node, ast.Name)}
    finals = [name for name, _ in leaf.finals() if name in inside and name not in used]
    return [name for name in finals if types.name(leaf, name) == INT]

"""The `.pxd` of a leaf, written: what the `.py` tells, and the decisions of the `.pxd` that was there."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping

from declaring.bindings import with_default, within
from declaring.constants import MARK, imported_modules, variables
from declaring.kinds import UNKNOWN, Type
from declaring.pxd import Declared, DeclaredClass, Pxd, read_pxd
from declaring.sources import Class, Function, Module, SourceError
from declaring.types import Types

DECIDED = "; its docstring tells what is decided here."
WIDTH = 120
NUMBERS = {"int": "long long", "bool": "bint", "float": "double"}
OTHER_INTEGERS = {"unsigned long long", "unsigned char", "unsigned int", "int", "bint", "Py_ssize_t"}
BUILTIN = ("list", "dict", "str", "tuple")
CYTHON = {
    "long long": "cython.longlong", "bint": "cython.bint", "double": "cython.double", "int": "cython.int",
    "unsigned long long": "cython.ulonglong", "unsigned char": "cython.uchar", "unsigned int": "cython.uint",
}  # fmt: skip
C_NAMES = {name.removeprefix("cython."): c_type for c_type, name in CYTHON.items()}


class LeafWriter:
    """Writes one leaf's declarations; `problems` are what cannot be told from the source."""

    def __init__(self, types: Types, leaf: Module, headers: Iterable[str], used: set[str], wanted: Wanted) -> None:
        self.types = types
        self.leaf = leaf
        self.headers = set(headers)
        self.used = used
        self.wanted = wanted
        self.problems: list[str] = []
        self._classes: dict[str, Class] = {}

    def text(self) -> str:
        """The `.pxd` as it should be."""
        old = read_pxd(self.leaf.pxd, MARK)
        missing = set(old.classes) - set(self.leaf.classes)
        if missing:
            raise SourceError(f"{self.leaf.pxd}: no class {', '.join(sorted(missing))} in {self.leaf.path.name}")
        classes = [
            self._class(cls, old.classes[cls.name]) for cls in self.leaf.classes.values() if cls.name in old.classes
        ]
        constants = [self._constant(name, old) for name in variables(self.leaf, self.types, self.used)]
        head = [f"{MARK} {self.leaf.path.name}{DECIDED}", *self._cimports("\n".join(classes))]
        parts = ["\n".join(head)]
        if constants:
            parts.append("\n".join(constants))
        return "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(classes) + "\n" + "".join(f"{c}\n" for c in old.comments)

    # -- cimports and constants -----------------------------------------------------------------------------------

    def _cimports(self, body: str) -> list[str]:
        lines = ["cimport cython"] if "cython." in body else []
        plain: dict[str, list[str]] = {}
        renamed = []
        for alias, module in sorted(imported_modules(self.types.modules, self.leaf).items()):
            if module.name in self.headers:
                package, _, name = module.name.rpartition(".")
                if alias == name:
                    plain.setdefault(package, []).append(name)
                else:
                    renamed.append((package, f"{name} as {alias}"))
        for cls in self._classes.values():
            plain.setdefault(cls.module.name, []).append(cls.name)
        entries = [(package, ", ".join(sorted(names))) for package, names in plain.items()]
        return lines + [f"from {package} cimport {names}" for package, names in sorted(entries + renamed)]

    def _constant(self, name: str, old: Pxd) -> str:
        declared = old.constants.get(name, Declared())
        kind = declared.type if declared.type in OTHER_INTEGERS else "long long"
        return "\n".join([*declared.comments, f"cdef {kind} {name}"])

    # -- classes --------------------------------------------------------------------------------------------------

    def _class(self, cls: Class, old: DeclaredClass) -> str:
        bases = [base for base in self.types.bases(cls) if base.leaf]
        for base in bases:
            self._note(base)
        derived = f"({', '.join(base.name for base in bases)})" if bases else ""
        attributes = [self._attribute(cls, name, kind, old) for name, kind in self.types.attributes(cls).items()]
        functions = [
            self._function(cls, name, old.functions.get(name))
            for name in cls.methods
            if name in old.functions or (cls.qualified, name) in self.wanted.functions
        ]
        gap = [""] if attributes and functions else []
        body = [*attributes, *gap, *functions] or ["    pass"]
        return "\n".join([*old.comments, *old.decorators, f"cdef class {cls.name}{derived}:", *body])

    def _note(self, cls: Class) -> None:
        if cls.module is not self.leaf:
            self._classes[cls.qualified] = cls

    def _attribute(self, cls: Class, name: str, kind: Type, old: DeclaredClass) -> str:
        if kind == UNKNOWN:
            self._problem(cls.node, f"{cls.name}.{name}: the type of the attribute cannot be told")
        declared = old.attributes.get(name, Declared(kind="public"))
        c_type = self.c_type(kind, declared.type)
        visible = f"{declared.kind} " if declared.kind and not c_type.endswith("*") else ""
        return "\n".join([*(f"    {each}" for each in declared.comments), f"    cdef {visible}{c_type} {name}"])

    def _problem(self, node: ast.AST, text: str) -> None:
        line = getattr(node, "lineno", 1)
        self.problems.append(f"{self.leaf.path}, line {line}: {text}; annotate it where it is first assigned")

    # -- functions ------------------------------------------------------------------------------------------------

    def _function(self, cls: Class, name: str, old: Declared | None) -> str:
        function = cls.methods[name]
        declared = old or Declared(kind=self.wanted.kind(name))
        parameters = self.types.parameters(cls, function)
        defaults = with_default(function)
        signature = ["self"]
        for parameter, kind in list(parameters.items())[1:]:
            c_type = self.c_type(kind, declared.types.get(parameter, ""))
            signature.append(f"{c_type} {parameter}{'=*' if parameter in defaults else ''}")
        returns = self.c_type(self.types.returns(self.leaf, function), declared.type)
        raises = declared.raises
        if returns in BUILTIN or returns == "object" or returns[0].isupper():
            raises = ""
        elif not raises:
            raises = "except? -1"
        returns = "" if returns == "object" else f"{returns} "
        end = f"){' ' if raises else ''}{raises}"
        head = f"{declared.kind} {declared.inline}{returns}{name}("
        lines = [*(f"    {each}" for each in (*declared.comments, *declared.decorators))]
        return "\n".join([*lines, *self._locals(cls, function, declared), *wrapped(head, signature, end)])

    def _locals(self, cls: Class, function: Function, declared: Declared) -> list[str]:
        found = []
        for name, kind in self.types.local_names(cls, function).items():
            if kind == UNKNOWN:
                self._problem(function, f"{cls.name}.{function.name}: the type of the local {name} cannot be told")
            c_type = self.c_type(kind, C_NAMES.get(declared.types.get(name, ""), ""))
            if c_type != "object":
                found.append(f"{name}={CYTHON.get(c_type, c_type)}" if "*" not in c_type else f'{name}="{c_type}"')
        return wrapped("@cython.locals(", found, ")") if found else []

    # -- types ----------------------------------------------------------------------------------------------------

    def c_type(self, kind: Type, decided: str) -> str:
        """The C type of a Python type; an integer may be decided to be another, a buffer to be a pointer."""
        if kind.kind == "int":
            return decided if decided in OTHER_INTEGERS else "long long"
        if kind.kind in NUMBERS:
            return NUMBERS[kind.kind]
        if kind.kind == "pointer":
            return f"{kind.name}*"
        if kind.kind == "memoryview" and decided.endswith("*"):
            return decided
        if kind.kind in BUILTIN:
            return kind.kind
        cls = self.types.find_leaf(kind)
        if cls is None:
            return "object"
        self._note(cls)
        return cls.name


class Wanted:
    """Functions that compiled functions call for a number or a C struct, and so should be compiled too."""

    def __init__(self, types: Types, leaves: Mapping[str, Pxd]) -> None:
        self.functions: set[tuple[str, str]] = set()
        self._plain: set[str] = set()
        for module in types.modules.values():
            if module.name not in leaves:
                self._plain |= {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
        self._types = types
        todo = [
            (types.modules[name].classes[cls], function)
            for name, pxd in leaves.items()
            for cls, declared in pxd.classes.items()
            if cls in types.modules[name].classes
            for function in declared.functions
        ]
        declared = {(cls.qualified, function) for cls, function in todo}
        while todo:
            cls, name = todo.pop()
            for callee in self._called(cls, name):
                if (callee[0].qualified, callee[1]) not in declared:
                    declared.add((callee[0].qualified, callee[1]))
                    self.functions.add((callee[0].qualified, callee[1]))
                    todo.append(callee)

    def kind(self, name: str) -> str:
        """A new function is `cpdef` when plain modules call one of that name."""
        return "cpdef" if name in self._plain else "cdef"

    def _called(self, cls: Class, name: str) -> list[tuple[Class, str]]:
        found = []
        if name not in cls.methods:
            return []
        env = self._types.scope(cls, cls.methods[name])
        for node in within(cls.methods[name]):
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=called)):
                    target = self._types.find_leaf(self._types.expression(cls.module, env, owner))
                    while target is not None and called not in target.methods:
                        target = next(iter(self._types.bases(target)), None)
                    if target is not None and target.leaf and self._is_compilable(target, called):
                        found.append((target, called))
        return found

    def _is_compilable(self, cls: Class, name: str) -> bool:
        """Whether a method can be a C function (no property, not variadic, ...) whose result is no Python object."""
        function = cls.methods[name]
        if function.decorator_list or name.startswith("__") or function.args.vararg or function.args.kwarg:
            return False
        result = self._types.returns(cls.module, function)
        return result.kind in NUMBERS or self._types.find_leaf(result) is not None


def wrapped(head: str, items: list[str], end: str) -> list[str]:
    """A line with a list in parentheses, in several lines when it is long."""
    whole = f"    {head}{', '.join(items)}{end}"
    if len(whole) <= WIDTH:
        return [whole]
    marked = [each.replace(" ", "\0") for each in items]
    inner = textwrap.wrap(", ".join(marked), WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"    {head}", *(f"        {line}".replace("\0", " ") for line in inner), f"    {end}"]

"""Turns the C of all leaves into that of one library, in which a leaf calls another's functions and not its table.

Between modules Cython calls a method through the table of the object's class. Here every method that no class overrides
below the type that the caller knows gets a name which the whole library sees, and is called by it. Modules of Python's
are then a few lines each, which hand out what the library has. `setup.py` runs this file, on Linux.

Speed: what simulations run lies side by side, and neither tables of methods nor a table of addresses for each module
are read on the way (benchmarks/README.md, "One library").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

TABLE = re.compile(
    r"^struct __pyx_vtabstruct_(\w+) \{\n(?:  struct __pyx_vtabstruct_(\w+) __pyx_base;\n)?", re.MULTILINE
)
FILLED = re.compile(r"^  __pyx_vtable_(\w+)\.((?:__pyx_base\.)*)(\w+) = \([^;]*\)(__pyx_f_\w+);$", re.MULTILINE)
CALL = re.compile(r"\(\(struct __pyx_vtabstruct_(\w+) \*\).*?\b__pyx_vtab\)->((?:__pyx_base\.)*)(\w+)\(")
BASE = "__pyx_base."
DECLARATIONS_END = "/* #### Code section: utility_code_proto ### */\n"
HIDDEN = '__attribute__((visibility("hidden")))'


class Method(NamedTuple):
    """A method as its callers know it: the class that has it first in its table, and its name."""

    origin: str
    name: str


class Tables:
    """What the C of all leaves tells of their classes: who is whose base, and what stands in their tables."""

    def __init__(self, texts: Collection[str]) -> None:
        self.base: dict[str, str] = {}
        self.function: dict[tuple[str, Method], str] = {}  # that a class puts into its table
        for text in texts:
            self.base |= {found[1]: found[2] for found in TABLE.finditer(text) if found[2]}
        for text in texts:
            for found in FILLED.finditer(text):
                self.function[found[1], self.method(found[1], found[2], found[3])] = found[4]
        self.overridden = {
            (above, method) for below, method in self.function for above in self.line(below)[1:]
        }  # below that class

    def method(self, known: str, path: str, name: str) -> Method:
        """Return the method that `path` and `name` mean in the table of the class `known`."""
        return Method(self.line(known)[path.count(BASE)], name)

    def line(self, known: str) -> list[str]:
        """Return a class and its bases, nearest first."""
        line = [known]
        while line[-1] in self.base:
            line.append(self.base[line[-1]])
        return line

    def owner(self, known: str, method: Method) -> str | None:
        """Return the class whose function a call of `method` on an object of type `known` runs; None if several may."""
        if (known, method) in self.overridden:
            return None
        return next((above for above in self.line(known) if (above, method) in self.function), None)


def joined(texts: Mapping[str, str], hot: Collection[str]) -> dict[str, str]:
    """Return the C of one library from that of its modules, by name.

    Parameters: hot: the modules that call directly.
    """
    tables = Tables(texts.values())
    wanted: dict[str, str] = {}  # function: its name in the library
    found = {name: direct(text, tables, wanted) if name in hot else text for name, text in texts.items()}
    return {name: named_apart(name, offered(text, wanted)) for name, text in found.items()}


def direct(text: str, tables: Tables, wanted: dict[str, str]) -> str:
    """Return the C of a module that calls what it can by name; adds what it calls to `wanted`."""
    declared: dict[str, str] = {}

    def call(found: re.Match[str]) -> str:
        known, path, name = found.groups()
        method = tables.method(known, path, name)
        owner = tables.owner(known, method)
        if owner is None:
            return found[0]
        symbol = f"simslab_{owner}_{name}"
        wanted[tables.function[owner, method]] = symbol
        # The type that callers expect: of an overriding method the object's is another.
        seen = f"{symbol}_of_{method.origin}" if method.origin != owner else symbol
        at = f' __asm__("{symbol}")'
        declared[seen] = (
            f"extern __typeof__(*((struct __pyx_vtabstruct_{method.origin} *)0)->{name}) {seen}{at} {HIDDEN};\n"
        )
        return f"{seen}("

    called = CALL.sub(call, text)
    return called.replace(DECLARATIONS_END, "".join(declared.values()) + DECLARATIONS_END, 1)


def offered(text: str, wanted: Mapping[str, str]) -> str:
    """Return the C of a module with those of its functions that others call known to the library."""
    own = sorted({found[4] for found in FILLED.finditer(text)} & set(wanted))
    lines = [
        f'extern __typeof__({function}) {function}_offered __asm__("{wanted[function]}")'
        f' __attribute__((alias("{function}"), visibility("hidden")));\n'
        for function in own
    ]
    return text + "".join(lines)


def named_apart(name: str, text: str) -> str:
    """Return the C of a module whose entrance has a name that no other of the library has."""
    return re.sub(rf"\bPyInit_{name.rpartition('.')[2]}\b", entrance(name), text)


def entrance(name: str) -> str:
    """Return the name of the function of the library that begins a module."""
    return "PyInit_" + name.replace(".", "_")


def door(name: str) -> str:
    """Return the C of the module of Python's that hands out what the library has of it."""
    return (
        f"extern void *{entrance(name)}(void);\n"
        f'__attribute__((visibility("default"))) void *PyInit_{name.rpartition(".")[2]}(void) {{\n'
        f"    return {entrance(name)}();\n"
        "}\n"
    )


def library_itself() -> str:
    """Return the C that makes the library a module, too, without contents: what lists a package's modules finds it."""
    return (
        "#include <Python.h>\n"
        'static struct PyModuleDef leaves = {PyModuleDef_HEAD_INIT, "simslab._leaves", "What all leaves are in.", 0};\n'
        "PyMODINIT_FUNC PyInit__leaves(void) {\n"
        "    return PyModule_Create(&leaves);\n"
        "}\n"
    )

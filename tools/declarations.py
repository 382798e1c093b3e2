#!/usr/bin/env python3
"""Write the declarations (`.pxd`) of the compiled modules from their Python sources.

    python tools/declarations.py            rewrite what differs
    python tools/declarations.py --check    list what differs, exit 1

A *leaf* is a module with a `.pxd` that has a `cdef class`. Its `.py` is ordinary annotated Python and the only place
where types are written down. From it come the C type of every attribute, parameter, result and local of a declared
class (`int` is `long long`, `bool` is `bint`, the result of `buffers.int64_pointer` is `long long*`, a class that is
itself declared is that class, the rest `object`), the module's own constants, the `@cython.locals` and the cimports.

A plain module of `Final` integers that a leaf uses as `module.NAME` gets a header: a `.pxd` that makes C constants of
them. Nothing has to be repeated in the leaf.

Decided in the `.pxd` and kept, since no source tells them: `cdef` or `cpdef`; `noexcept`, `except -1` or `except? -1`;
`public` or `readonly`; `@cython.final`; `inline`; another C integer type than `long long`; a pointer for a parameter
annotated `memoryview`; comments.

How to
- add an attribute: assign it in `__init__` (annotated where the value does not tell the type), run this. It is
  `public` unless you then say otherwise in the `.pxd`.
- add a function: write it, run this. One that a compiled function calls for a number or a declared class is declared at
  once: `except? -1`, `cdef`, or `cpdef` when plain modules call one of that name. Any other stays a Python method; to
  compile it all the same, write `cpdef NAME(self)` into the class in the `.pxd` and run this: the rest is filled in.
- add a constant: to the module of constants it belongs to, run this.
- add a leaf: write `cdef class NAME:` for each class that is to be a C struct into a new `.pxd` beside the module
  (`@cython.final` above it if nothing derives from it), run this, build.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from declaring.constants import (
    MARK,
    Values,
    constant_modules,
    header,
    is_written_by_hand,
    used_elsewhere,
)
from declaring.leaves import LeafWriter, Wanted
from declaring.pxd import read_pxd
from declaring.sources import SourceError, read_packages
from declaring.types import Types

COMMAND = "python tools/declarations.py"
ROOT = Path(__file__).resolve().parent.parent


def declarations(root: Path) -> tuple[dict[Path, str], list[str]]:
    """Return every `.pxd` that the sources in `root` call for, with its text, and what could not be told."""
    modules = read_packages(root)
    types, values = Types(modules), Values(modules)
    leaves = {name: module for name, module in modules.items() if module.is_leaf}
    constants = constant_modules(modules, values)
    headers = {*constants, *(name for name, module in modules.items() if is_written_by_hand(module))}
    wanted = Wanted(types, {name: read_pxd(leaf.pxd, MARK) for name, leaf in leaves.items()})
    used = used_elsewhere(root, modules)
    texts = {module.pxd: header(module, values) for module in constants.values()}
    problems = []
    for name, leaf in leaves.items():
        writer = LeafWriter(types, leaf, headers, used[name], wanted)
        texts[leaf.pxd] = writer.text()
        problems += writer.problems
    return texts, problems


def differences(root: Path, texts: dict[Path, str]) -> dict[Path, str]:
    """Return the files that are not as they should be, with a diff each."""
    found = {}
    for path, text in sorted(texts.items()):
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old != text:
            name = str(path.relative_to(root))
            found[path] = "".join(difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, name, n=1))
    for path in sorted(stray_headers(texts)):
        found[path] = f"{path.relative_to(root)}: no leaf uses constants of this module any more\n"
    return found


def stray_headers(texts: dict[Path, str]) -> list[Path]:
    """Return generated files that nothing calls for."""
    files = (path for folder in {path.parent for path in texts} for path in folder.glob("*.pxd"))
    return [path for path in files if path not in texts and MARK in path.read_text(encoding="utf-8")]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something differs")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent, help="folder of the sources"
    )
    options = parser.parse_args(arguments)
    try:
        texts, problems = declarations(options.root)
        found = differences(options.root, texts)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        print("".join(found.values()), end="")
    for path in () if options.check else found:
        print(f"{'wrote' if path in texts else 'removed'} {path.relative_to(options.root)}")
        if path in texts:
            path.write_text(texts[path], encoding="utf-8")
        else:
            path.unlink()
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems or (options.check and found) else 0


if __name__ == "__main__":
    sys.exit(main())

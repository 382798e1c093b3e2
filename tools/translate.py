"""Translates modules by Cython with the declarations of all of them read once, not once for each module.

Speed: a leaf sees the declarations of about fifty others, and reading those is most of what Cython does for it. Here
they are read once, and a fork of the process translates each leaf: 22 s of processor time for 60 leaves become 10.

Cython has no entrance for this, so what is called here is its inside. Whoever calls it lets `cythonize` translate what
did not come out; the C is the same but for the order of included lines. `setup.py` runs this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Leaf = tuple[str, str, dict[str, Any]]  # the module, its source, and what the head of its C records of the extension


def translate(leaves: Sequence[Leaf], headers: Sequence[str], folder: str, directives: dict[str, Any]) -> None:
    """Write the C of each leaf into `folder`, as many at a time as there are CPUs; what fails leaves no file.

    Errors: whatever an unknown version of Cython raises. Works only where processes can be forked.
    """
    context = read_declarations([*headers, *(name for name, _, _ in leaves)], directives)
    running: set[int] = set()
    for leaf in leaves:
        if len(running) == (os.cpu_count() or 1):
            running.discard(os.wait()[0])
        running.add(forked(context, leaf, folder))
    while running:
        running.discard(os.wait()[0])


def read_declarations(modules: Sequence[str], directives: dict[str, Any]) -> Any:
    """Return a context of Cython's that knows the `.pxd` of all modules, headers first."""
    from Cython.Compiler import Errors
    from Cython.Compiler.Main import Context
    from Cython.Compiler.Options import CompilationOptions

    options = CompilationOptions(compiler_directives=directives, include_path=["."], quiet=True)
    options.configure_language_defaults("py")
    context = Context.from_options(options)
    Errors.reset()
    for module in modules:
        context.find_module(module, need_pxd=1)
    if Errors.get_errors_count():
        raise ValueError("declarations with errors")
    return context


def forked(context: Any, leaf: Leaf, folder: str) -> int:
    """Begin to translate a leaf in a process of its own, and return the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return process
    try:
        translate_one(context, leaf, Path(folder))
    finally:
        os._exit(0)  # nothing of the parent's may be flushed, closed or raised here


def translate_one(context: Any, leaf: Leaf, folder: Path) -> None:
    """Write the C of one leaf; it appears under its name only when it is whole."""
    from Cython.Compiler.Main import compile_single

    name, source, record = leaf
    target = (folder / source).with_suffix(".c")
    target.parent.mkdir(parents=True, exist_ok=True)
    beginning = target.with_suffix(".part.c")
    restrict(context, name)
    context.options.output_file = str(beginning)
    context.options.embedded_metadata = record
    if not compile_single(source, context.options, name, context=context).num_errors:
        beginning.rename(target)
    else:
        beginning.unlink(missing_ok=True)


def restrict(context: Any, name: str) -> None:
    """Forget the declarations that a leaf does not see, and put the others in the order in which it would read them.

    Cython compiles the inline functions of all that it knows into a module.
    """
    seen: list[Any] = []

    def visit(scope: Any) -> None:
        if scope not in seen:
            for other in scope.cimported_modules:
                if hasattr(other, "pxd_file_loaded"):
                    visit(other)
            seen.append(scope)

    visit(context.find_module(name, need_pxd=1))
    known = {id(scope): (tree, scope) for tree, scope in context.pxds.values()}
    context.pxds = {scope.qualified_name: known[id(scope)] for scope in seen if id(scope) in known}

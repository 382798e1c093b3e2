"""Translates modules by Cython with the declarations of all of them read once, not once for each module.

Speed: a leaf sees the declarations of about fifty others, and reading those is most of what Cython does for it. Here
they are read once, and a fork of the process translates each leaf: 22 s of processor time for 60 leaves become 10.

Cython has no entrance for this, so what is called here is its inside. Whoever calls it lets `cythonize` translate what
did not come out; the C is the same but for the order of included lines. `setup.py` runs this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Leaf = tuple[str, str, dict[str, Any]]  # the module, its source, and what the head of its C records of the extension
SAMPLE = """\
class Sample:
    def __init__(self, values, other=1, *more):
        self.values = [value for value in values]
    def each(self):
        yield from self.values
    def call(self, number):
        if number:
            raise ValueError(f"{number} {number:d}")
        return {**self.values}, self.values == number, number // 3
"""
SAMPLE_DECLARATIONS = """\
cdef class Sample:
    cdef public object values
    cpdef long long call(self, long number) except? -1
"""


def translate(
    leaves: Sequence[Leaf],
    headers: Sequence[str],
    folder: str,
    directives: dict[str, Any],
    revise: Callable[[str, Path], None],
) -> None:
    """Write the C of each leaf into `folder`, as many at a time as there are CPUs; what fails leaves no file.

    Parameters: revise: what is called with a leaf's name and its C before that C appears under its name.
    Errors: whatever an unknown version of Cython raises. Works only where processes can be forked.
    """
    warm_up(directives)
    context = read_declarations([*headers, *(name for name, _, _ in leaves)], directives)
    running: set[int] = set()
    for leaf in leaves:
        if len(running) == (os.cpu_count() or 1):
            running.discard(os.wait()[0])
        running.add(forked(partial(translate_one, context, leaf, Path(folder), revise)))
    while running:
        running.discard(os.wait()[0])


def warm_up(directives: dict[str, Any]) -> None:
    """Translate a few lines, so that forks inherit what Cython reads and builds when it first needs it.

    Speed: 1.7 of 9 s of processor time for 61 leaves.
    """
    from Cython.Compiler.Main import compile_single

    with TemporaryDirectory() as folder:
        source = Path(folder, "sample.py")
        source.write_text(SAMPLE, encoding="utf-8")
        source.with_suffix(".pxd").write_text(SAMPLE_DECLARATIONS, encoding="utf-8")
        context = new_context(directives, folder)
        context.options.output_file = str(source.with_suffix(".c"))
        compile_single(str(source), context.options, "sample", context=context)


def read_declarations(modules: Sequence[str], directives: dict[str, Any]) -> Any:
    """Return a context of Cython's that knows the `.pxd` of all modules, headers first."""
    from Cython.Compiler import Errors

    context = new_context(directives, ".")
    Errors.reset()
    for module in modules:
        context.find_module(module, need_pxd=1)
    if Errors.get_errors_count():
        raise ValueError("declarations with errors")
    return context


def new_context(directives: dict[str, Any], folder: str) -> Any:
    """Return a context of Cython's for the modules of a folder."""
    from Cython.Compiler.Main import Context
    from Cython.Compiler.Options import CompilationOptions

    options = CompilationOptions(compiler_directives=directives, include_path=[folder], quiet=True)
    options.configure_language_defaults("py")
    return Context.from_options(options)


def forked(work: Callable[[], None]) -> int:
    """Begin to do something in a process of its own, and return the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return process
    try:
        work()
    finally:
        os._exit(0)  # nothing of the parent's may be flushed, closed or raised here


def translate_one(context: Any, leaf: Leaf, folder: Path, revise: Callable[[str, Path], None]) -> None:
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
        revise(name, beginning)
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

"""Build of the compiled leaves: every module with a `.pxd` beside it; plain Python where no compiler is found."""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "nonecheck": False,
    "cdivision": False,
}
NOT_COMPILED = {"simslab.base.bits", "simslab.base.buffers"}  # their .pxd hold inline functions for the leaves; plain callers use the .py


def leaves() -> list[Extension]:
    """One extension per plain module that has an augmenting `.pxd`."""
    sources = sorted(path.with_suffix(".py") for path in Path("simslab").rglob("*.pxd") if path.name != "__init__.pxd")
    names = {".".join(path.with_suffix("").parts): path for path in sources}
    flags = [] if os.environ.get("CFLAGS") else ["-O2", "-g0"]
    return [
        Extension(name, [str(path)], extra_compile_args=flags)
        for name, path in names.items()
        if name not in NOT_COMPILED
    ]


def mend_suffixes(extensions: list[Extension]) -> None:
    """Undo a slip of Cython 3.3.1, which appends the suffix of `except -1` twice in `@cython.final` classes."""
    for source in (Path(name) for extension in extensions for name in extension.sources):
        text = source.read_text()
        if "-1LLLL" in text:
            source.write_text(text.replace("-1LLLL", "-1LL"))


class BuildLeaves(build_ext):
    """Compile what can be compiled; without a compiler say so in one line and install the plain Python."""

    def run(self) -> None:
        try:
            from Cython.Build import cythonize

            self.extensions = cythonize(
                self.extensions, build_dir="build/cython", compiler_directives=DIRECTIVES, quiet=True
            )
            mend_suffixes(self.extensions)
            for extension in self.extensions:
                extension._needs_stub = False
            super().run()
        except Exception as error:
            if os.environ.get("SIMSLAB_REQUIRE_COMPILED") == "1":
                raise
            print(f"simslab: leaves not compiled ({error}); installing plain Python", file=sys.stderr)
            self.extensions = []


setup(ext_modules=leaves(), cmdclass={"build_ext": BuildLeaves})

"""Build of the compiled leaves: every module with a `.pxd` beside it; plain Python where no compiler is found."""

import json
import multiprocessing
import os
import re
import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "nonecheck": False,
    "cdivision": False,
    "auto_pickle": False,
    "binding": False,
    "emit_code_comments": False,
}
# Speed: what simulations spend their time in is optimised further. At -O1 the benchmarks of benchmarks/README.md were 5
# to 12 % slower, with inlining most were still 4 to 7 %.
HOT = {
    "simslab." + name
    for name in (
        "base.engine",
        "base.histogram",
        "kernel.locking.spinlock",
        "kernel.mm.page",
        "machine.accounting.irq_stats",
        "machine.core.accesses",
        "machine.core.core_clock",
        "machine.core.cpu",
        "machine.core.interrupt_flag",
        "machine.core.store_buffer",
        "machine.core.tlb",
        "machine.memory.cache_array",
        "machine.memory.coherence",
        "machine.memory.hierarchy",
        "machine.memory.holders",
        "machine.memory.interconnect",
        "machine.memory.line_table",
        "machine.memory.paths",
        "machine.memory.queueing.line_turns",
        "machine.memory.queueing.server",
        "machine.memory.replacement",
        "slab.alloc",
        "slab.alloc_node",
        "slab.core",
        "slab.free",
        "slab.free_block",
        "slab.kmem_cache",
        "slab.slab_lists",
        "slab.slab_page",
        "slub.alloc",
        "slub.core",
        "slub.free",
        "slub.lists.cpu_partial",
        "slub.lists.freelists",
        "slub.slab_page",
        "workload.run.executor",
        "workload.run.recorder",
        "workload.run.thread",
        "workload.streams.turns",
        "workload.trace.int_table",
        "workload.trace.line_scanner",
        "workload.trace.object_table",
    )
}
DATA = {
    "simslab.data.machines": "machines",
    "simslab.data.workloads": "workloads",
    "simslab.data.experiments": "experiments",
}  # package: folder
GENERATED = "build/cython"
TOOL = runpy.run_path("tools/generated_c.py")
REVISED, FORGET = TOOL["revised"], TOOL["forget_older"]
# Speed: one library instead of one for each leaf (tools/one_library.py). Elsewhere than on Linux names, paths and
# visibility are other matters, and every leaf stays a library of its own.
TOGETHER = sys.platform == "linux"
LIBRARY = "simslab._leaves"
JOINED = "build/library"
DOORS = ["setup.py", "tools/one_library.py"]  # what the small modules around the library are made from
FIRST_HEADER = "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n"  # as the C that Cython writes begins


def leaves() -> list[Extension]:
    """One extension per plain module that has an augmenting `.pxd`."""
    declarations = sorted(path for path in Path("simslab").rglob("*.pxd") if is_augmenting(path))
    return [leaf(".".join(path.with_suffix("").parts), str(path.with_suffix(".py"))) for path in declarations]


def leaf(name: str, source: str) -> Extension:
    """Return the extension of one module, optimised as far as it is worth the time of the compiler."""
    flags = [] if os.environ.get("CFLAGS") else [*optimisation(name), "-g0", "-w"]
    return Extension(name, [source], extra_compile_args=flags)


def optimisation(name: str) -> list[str]:
    """Return the compiler's options for a leaf, by how much simulations run in it."""
    return ["-O2"] if name in HOT else ["-O1"]


def described(extension: Extension) -> tuple[str, str, dict[str, object]]:
    """Return a leaf's name, its source, and what Cython writes of it at the head of its C."""
    [source] = extension.sources
    flags = {"extra_compile_args": extension.extra_compile_args}
    record = {"distutils": {**flags, "name": extension.name, "sources": [source]}, "module_name": extension.name}
    return extension.name, source, record


def headers() -> list[str]:
    """The plain modules whose constants and inline functions are compiled into the leaves."""
    declarations = sorted(path for path in Path("simslab").rglob("*.pxd") if path.name != "__init__.pxd")
    return [".".join(path.with_suffix("").parts) for path in declarations if not is_augmenting(path)]


def is_augmenting(path: Path) -> bool:
    """Tell the `.pxd` of a leaf from those of packages and of headers, whose contents go into the leaves."""
    return "cdef class" in path.read_text(encoding="utf-8")


def revise(name: str, source: Path) -> None:
    """Rewrite the generated C of a leaf for a compiler that has little time."""
    text = source.read_text(encoding="utf-8")
    source.write_text(REVISED(text, name in HOT), encoding="utf-8")


class BuildLeaves(build_ext):
    """Compile what can be compiled; without a compiler say so in one line and install the plain Python."""

    def finalize_options(self) -> None:
        """Keep the objects of an editable install, which go on from there with `build_ext --inplace`."""
        super().finalize_options()
        if self.editable_mode:
            base = self.get_finalized_command("build").build_base
            self.build_temp = str(Path(base, f"temp.{self.plat_name}-{sys.implementation.cache_tag}"))

    def run(self) -> None:
        """Build, and leave a record of what was built from which sources."""
        modules = [extension.name for extension in self.extensions]
        reason = ""
        try:
            self.parallel = self.parallel or os.cpu_count()
            self.translate()
            super().run()
        except Exception as error:
            if os.environ.get("SIMSLAB_REQUIRE_COMPILED") == "1":
                raise
            reason = in_brief(error)
            print(f"simslab: leaves not compiled ({reason}); installing plain Python", file=sys.stderr)
            self.drop_extensions(modules)
        self.record(modules, reason)

    def translate(self) -> None:
        """Replace the Python sources of the extensions by generated C."""
        from Cython.Build import cythonize
        from Cython.Compiler import Options

        Options.docstrings = False
        # Workers that are not forked would run this file again.
        forks = multiprocessing.get_start_method() == "fork"
        FORGET(Path(GENERATED), [Path(name.replace(".", "/") + ".pxd") for name in headers()])
        if forks and not Path(GENERATED).exists():
            self.translate_together()
        self.extensions = cythonize(
            self.extensions,
            build_dir=GENERATED,
            compiler_directives=DIRECTIVES,
            quiet=True,
            nthreads=os.cpu_count() if forks else 0,
        )
        for extension in self.extensions:
            extension._needs_stub = False
            for source in map(Path, extension.sources):
                revise(extension.name, source)
        if TOGETHER:
            self.join()

    def join(self) -> None:
        """Replace the C of the leaves by that of one library; what is the same as before keeps its time."""
        joined = runpy.run_path("tools/one_library.py")["joined"]
        texts = {
            extension.name: Path(extension.sources[0]).read_text(encoding="utf-8") for extension in self.extensions
        }
        found = joined(texts, HOT)
        for extension in self.extensions:
            source = Path(JOINED, extension.name.replace(".", "/") + ".c")
            source.parent.mkdir(parents=True, exist_ok=True)
            if not source.exists() or source.read_text(encoding="utf-8") != found[extension.name]:
                source.write_text(found[extension.name], encoding="utf-8")
            extension.sources = [str(source)]

    def translate_together(self) -> None:
        """Translate all leaves by what reads their declarations once; `cythonize` does what is missing after it."""
        translate = runpy.run_path("tools/translate.py")["translate"]
        try:
            translate([described(extension) for extension in self.extensions], headers(), GENERATED, DIRECTIVES, revise)
        except Exception as error:  # another version of Cython's, which has it otherwise inside
            print(f"simslab: leaves translated one by one ({in_brief(error)})", file=sys.stderr)

    def build_extensions(self) -> None:
        """Compile, `Python.h` once instead of once for each leaf.

        Speed: 4 s of processor time for 60 leaves. ccache does not keep what was compiled with such a header, so
        builds in place, which are for development, go without.
        """
        if not self.inplace and self.compiler.compiler_type == "unix":
            for flags in {tuple(extension.extra_compile_args) for extension in self.extensions}:
                self.share_header(
                    [extension for extension in self.extensions if extension.extra_compile_args == [*flags]]
                )
        self.objects: dict[str, str] = {}
        super().build_extensions()
        if TOGETHER and self.extensions:
            self.link_library()

    def build_extension(self, extension: Extension) -> None:
        """Compile a leaf, unless its object is there; of what makes a library of its own, link it, too."""
        if not TOGETHER:
            super().build_extension(extension)
            return
        [made] = self.compiler.object_filenames(extension.sources, output_dir=self.build_temp)
        if self.force or is_newer([*extension.sources, "setup.py"], made):
            flags = extension.extra_compile_args
            self.compiler.compile(extension.sources, output_dir=self.build_temp, extra_postargs=flags)
        self.objects[extension.name] = made

    def link_library(self) -> None:
        """Make the library of all leaves, and the modules that hand it out."""
        objects = [self.objects[extension.name] for extension in self.extensions]
        library = self.get_ext_fullpath(LIBRARY)
        own = Path(self.build_temp, "doors", f"{LIBRARY}.c")
        [made] = self.compiler.object_filenames([str(own)], output_dir=self.build_temp)
        if self.force or is_newer(DOORS, made):
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_text(runpy.run_path("tools/one_library.py")["library_itself"](), encoding="utf-8")
            self.compiler.compile([str(own)], output_dir=self.build_temp)
        objects.append(made)
        if self.force or is_newer(objects, library):
            named = f"-Wl,-soname,{Path(library).name}"
            self.compiler.link_shared_object(objects, library, extra_postargs=[named])
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            list(workers.map(self.link_door, (extension.name for extension in self.extensions)))

    def link_door(self, name: str) -> None:
        """Make the module of one leaf, which finds the library by its own place."""
        target, library = self.get_ext_fullpath(name), self.get_ext_fullpath(LIBRARY)
        if not self.force and not is_newer(DOORS, target):
            return
        source = Path(self.build_temp, "doors", f"{name}.c")
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(runpy.run_path("tools/one_library.py")["door"](name), encoding="utf-8")
        made = self.compiler.compile([str(source)], output_dir=self.build_temp)
        way = "/".join([".."] * (name.count(".") - 1)) or "."
        self.compiler.link_shared_object(made, target, extra_postargs=[library, f"-Wl,-rpath,$ORIGIN/{way}"])

    def get_outputs(self) -> list[str]:
        """Return what was built, the library included."""
        return [*super().get_outputs(), *([self.get_ext_fullpath(LIBRARY)] if TOGETHER and self.extensions else [])]

    def copy_extensions_to_source(self) -> None:
        """Put what was built beside the sources, the library included."""
        super().copy_extensions_to_source()
        if TOGETHER and self.extensions:
            built = Path(self.build_lib, self.get_ext_filename(LIBRARY))
            self.copy_file(str(built), self.get_ext_filename(LIBRARY))

    def share_header(self, extensions: list[Extension]) -> None:
        """Have extensions of the same flags begin with a precompiled `Python.h`, if the compiler makes one."""
        flags = extensions[0].extra_compile_args
        header = Path(self.build_temp, "-".join(["python", *flags]), "first.h")
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(FIRST_HEADER, encoding="utf-8")
        folders = [f"-I{folder}" for folder in self.compiler.include_dirs]
        made = ["-x", "c-header", str(header), "-o", f"{header}.gch"]
        if subprocess.run([*self.compiler.compiler_so, *folders, *flags, *made], capture_output=True).returncode == 0:
            for extension in extensions:
                extension.extra_compile_args = [*flags, "-include", str(header)]

    def drop_extensions(self, modules: list[str]) -> None:
        """Remove what was already built: a build is wholly compiled or wholly plain."""
        for module in [*modules, LIBRARY]:
            Path(self.get_ext_fullpath(module)).unlink(missing_ok=True)
        self.extensions = []

    def record(self, modules: list[str], reason: str) -> None:
        """Write `simslab/built.json`, which `simslab.base.build` compares with the sources at run time."""
        source_hash = runpy.run_path("simslab/base/build.py")["source_hash"]
        sources = {name: Path(name.replace(".", "/") + ".py") for name in [*modules, *headers()]}
        hashes = {name: source_hash(path) for name, path in sources.items()}
        target = Path("simslab" if self.inplace else f"{self.build_lib}/simslab")
        target.mkdir(parents=True, exist_ok=True)
        record = {"compiled": not reason, "reason": reason, "leaves": modules, "sources": hashes}
        (target / "built.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def is_newer(sources: list[str], target: str) -> bool:
    """Tell whether a file is missing or older than one of those it is made from."""
    made = Path(target)
    return not made.exists() or any(Path(source).stat().st_mtime > made.stat().st_mtime for source in sources)


def in_brief(error: Exception) -> str:
    """Return why there is no compiled build, short enough for one line."""
    failed_command = re.match(r"Command '\['([^']+)'", str(error))
    if failed_command:
        return f"the C compiler {failed_command[1]} failed"
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"there is no C compiler {error.filename}"
    return (str(error).splitlines() or [type(error).__name__])[0][:100]


setup(
    packages=[*find_packages(include=["simslab", "simslab.*"]), *DATA],
    package_dir=DATA,
    ext_modules=leaves(),
    cmdclass={"build_ext": BuildLeaves},
)

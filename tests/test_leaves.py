"""Hot functions translate to C without Python object operations: a forgotten declaration shows here, not as a slow run.

Reads the C that Cython makes of each innermost (`noexcept`) function, and of those listed in `hot_functions.py`.
Skipped in the plain run and where Cython is not installed.
"""

import ast
import os
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import simslab

if os.environ.get("SIMSLAB_PURE") == "1":
    pytest.skip("concerns the compiled build", allow_module_level=True)
pytest.importorskip("Cython")

from Cython.Compiler.Main import CompilationOptions, compile_single

ROOT = Path(simslab.__file__).parent.parent
DIRECTIVES = {
    "annotation_typing": False,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "nonecheck": False,
    "cdivision": False,
    "auto_pickle": False,
    "emit_code_comments": False,
}
OBJECT_OPERATION = re.compile(
    r"\b(?:Py(?:Long|Number|Object|Float|List|Dict|Tuple|Unicode|Sequence|Set|Iter)_\w+"
    r"|__Pyx_(?:Py\w+|Get(?:Attr|Item|Module|Builtin)\w*|SetItem\w*|Import\w*|Call\w*|BoundsCheck\w*|UnpackTuple\w*))"
    r"\s*\("
)


CLASS = re.compile(r"^cdef class (\w+)", re.MULTILINE)
INNERMOST = re.compile(r"^    c(?:p)?def (?!inline)[\w ]+?(\w+)\([^)]*\) noexcept", re.MULTILINE)


def listed_functions():
    spec = spec_from_file_location("hot_functions", Path(__file__).with_name("hot_functions.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return {(name, function) for name, functions in module.HOT.items() for function in functions}


def innermost_functions():
    """Yield what is declared `noexcept`: an object operation in it could fail, and the failure would be swallowed."""
    for path in sorted(ROOT.joinpath("simslab").rglob("*.pxd")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        for chunk in re.split(r"^(?=cdef class )", text, flags=re.MULTILINE):
            if head := CLASS.match(chunk):
                yield from ((module, f"{head[1]}.{name}") for name in INNERMOST.findall(chunk))


HOT = sorted(listed_functions() | set(innermost_functions()))


@pytest.fixture(scope="session")
def c_of(tmp_path_factory):
    """Return a function that translates a module to C, once."""
    folder = tmp_path_factory.mktemp("leaves")
    made = {}

    def translate(module):
        if module not in made:
            target = folder / f"{module}.c"
            options = CompilationOptions(
                output_file=str(target),
                include_path=[str(ROOT)],
                language_level=3,
                compiler_directives=DIRECTIVES,
            )
            source = ROOT / (module.replace(".", "/") + ".py")
            assert compile_single(str(source), options, full_module_name=module).num_errors == 0
            made[module] = target.read_text(encoding="utf-8")
        return made[module]

    return translate


def body(c_source, module, function):
    """Return the C of one cdef function: from its head to the closing brace in the first column."""
    *outer, last = [*module.split("."), *function.split(".")]
    name = "__pyx_f_" + "".join(f"{len(part)}{part}_" for part in outer) + last
    match = re.search(rf"^static [^;\n]*\b{name}\([^;{{]*\) *{{$(.*?)^}}$", c_source, re.MULTILINE | re.DOTALL)
    assert match is not None, f"{function} is no C function of {module}"
    return match[1]


@pytest.mark.parametrize(("module", "function"), HOT)
def test_a_hot_function_handles_no_python_objects(c_of, module, function):
    text = body(c_of(module), module, function)
    # What follows is error reporting only, off the path that is taken.
    text = re.sub(r"__Pyx_(?:AddTraceback|WriteUnraisable|RefNanny\w*)\s*\(", "", text)
    lines = [line.strip() for line in text.splitlines() if OBJECT_OPERATION.search(line)]
    assert lines == []


DECLARED = re.compile(r"((?:^ *@cython\.locals\(.*\)\n)+)^ *(?:cpdef|cdef)\b[^(\n]*?(\w+)\(", re.MULTILINE)


def declared_locals():
    """Yield (module, class, function, names) of each `@cython.locals`; the class is empty for a module's function."""
    for path in sorted(ROOT.joinpath("simslab").rglob("*.pxd")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for chunk in re.split(r"^(?=cdef class )", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            head = CLASS.match(chunk)
            for decorators, function in DECLARED.findall(chunk):
                names = re.findall(r"(\w+)=", decorators)
                yield module, head[1] if head else "", function, names


def assigned(module, owner, function):
    """The local variables of a function as its source has them."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    body = classes[owner].body if owner else tree.body
    code = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == function)
    return {node.id for node in ast.walk(code) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def test_every_declared_local_is_a_variable_of_the_function_below_it():
    """A declaration that slid to the function next to its own leaves that one untyped, and slow."""
    found = list(declared_locals())
    assert len(found) > 100
    strays = {
        f"{module}: {owner}.{function}": sorted(set(names) - assigned(module, owner, function))
        for module, owner, function, names in found
        if set(names) - assigned(module, owner, function)
    }
    assert strays == {}

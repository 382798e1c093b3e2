"""Revises the C that Cython writes, so that a compiler spends its time where simulations spend theirs.

Nine tenths of that C load a module, make its types, and turn the arguments of calls from Python into C's. `revised`
repairs it, leaves out imports that nothing uses, and has gcc take no pains over the rest; `forget_older` removes
what is out of date. `setup.py` runs this file.
"""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

SURPLUS_SUFFIX = re.compile(r"(?<=[0-9])LLLL\b")
SECTION = re.compile(r"^/\* #### Code section: (\w+) ### \*/\n", re.MULTILINE)
LOADING = {
    "cached_builtins",
    "cached_constants",
    "init_codeobjects",
    "init_constants",
    "init_globals",
    "init_module",
    "module_exttypes",
}  # sections of generated C that run while a module is loaded, or an object is made
FUNCTION = re.compile(r"^static [^\n;{}]*\b(__pyx_\w+)\([^;{}]*\) ?\{\n.*?^\}\n", re.MULTILINE | re.DOTALL)
CALLED_FROM_PYTHON = re.compile(r"__pyx_(?:pf|gb|pw)_")  # the bodies of `def`, of generators, and their wrappers
MAKES_OR_WRAPS = re.compile(r"__pyx_(?:pw_\w+|p[fw]_\w+__(?:init|cinit|dealloc|get|set|del)__|(?:get|set)prop_\w+)$")
UTILITY = re.compile(r"^(?=/\* [A-Za-z_0-9]\S*(?: \(used by \S+\))? \*/$)", re.MULTILINE)
ARGUMENTS = {
    "CIntToPyUnicode",
    "CythonFunctionPerModule",
    "CythonFunctionShared",
    "DecompressString_LZSS",
    "ParseKeywordsImpl",
    "PyVectorcallFastCallDict",
}  # Cython's functions that are wanted inlined where Python calls, and not where simulations spend their time
TYPES = "int __Pyx_modinit_Type_import_code("
VARIABLES = "int __Pyx_modinit_Variable_import_code("
FUNCTIONS = "int __Pyx_modinit_Function_import_code("
TYPE_IMPORT = re.compile(
    r"  __pyx_mstate->(__pyx_ptype_\w+) = __Pyx_ImportType_\w+\([^;]*;[^\n]*\n"
    r"(?:  if \(unlikely\(__Pyx_GetVtable\(__pyx_mstate->\1, \(void\*\*\)&(\w+)\)[^\n]*\n)?"
)
MODULE_OF_NO_TYPE = re.compile(
    r'  __pyx_t_1 = PyImport_ImportModule\("[^"]*"\);[^\n]*\n  __Pyx_GOTREF\(__pyx_t_1\);\n'
    r"  __Pyx_DECREF\(__pyx_t_1\); __pyx_t_1 = 0;\n"
)
VARIABLE_IMPORTS = re.compile(r"  /\*--- Variable import code ---\*/\n.*?(?=  __Pyx_RefNannyFinishContext)", re.DOTALL)
VARIABLE = re.compile(r"^static [^\n;]*\b__pyx_vp_(\w+) = 0;\n#define __pyx_v_\1 .*\n", re.MULTILINE)
MENTION = {"module_code", "module_exttypes", "init_module"}  # sections of which each mention of a name is a use
NAME = re.compile(r"__pyx_(?:ptype|vtabptr|v)_\w+")
FIRST_SECTION = "/* #### Code section: filename_table ### */\n"
METHOD = re.compile(r"^(?=static [^\n;{}]*\b__pyx_f_\w+\([^;{}]*\); ?/\* ?proto ?\*/)", re.MULTILINE)
REPORT = re.compile(r"^(?=static void (?:__Pyx_AddTraceback|__Pyx_WriteUnraisable)\([^;{}]*\);)", re.MULTILINE)
PLACES = """\
#if defined(__GNUC__)
#define SIMSLAB_HOT __attribute__((hot))
#define SIMSLAB_COLD __attribute__((cold))
#else
#define SIMSLAB_HOT
#define SIMSLAB_COLD
#endif
"""
BEGIN_UNOPTIMISED = """\
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize ("O0")
#endif
"""
END_UNOPTIMISED = """\
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
"""


def revised(text: str, hot: bool) -> str:
    """Return the C of a module, repaired and without what costs the compiler time for nothing; once is as twice.

    Parameters: hot: whether functions that Python calls are optimised too, but for those that make objects or give and
        take the attributes of one.
    """
    if BEGIN_UNOPTIMISED in text:
        return text
    lean = hurried(without_unused_imports(repaired(text)), MAKES_OR_WRAPS if hot else CALLED_FROM_PYTHON)
    return apart(lean) if hot else lean


def repaired(text: str) -> str:
    """Return generated C without what Cython gets wrong.

    Cython 3.2.9 and 3.3.1 give the `-1` of an `except -1` on a `long long` method of a final class, declared in a
    `.pxd`, its suffix twice.
    """
    return SURPLUS_SUFFIX.sub("LL", text)


def without_unused_imports(text: str) -> str:
    """Return generated C that imports only those types and variables of other modules that it uses.

    Cython imports all that the declarations it has read make known: of 1,249 types in 61 modules 181 are used, of 3,338
    variables none. C of another form, as another version of Cython's may write, is left as it is.

    Speed: a tenth of what gcc does for the modules at -O0.
    """
    places = [text.rfind(start) for start in (TYPES, VARIABLES, FUNCTIONS)]
    if -1 in places or places != sorted(places):
        return text
    before, types, variables, after = (text[a:b] for a, b in pairwise([0, *places, len(text)]))
    used = used_names(before + after)
    types = TYPE_IMPORT.sub(lambda found: found[0] if used & {found[1], found[2]} else "", types)
    types = MODULE_OF_NO_TYPE.sub("", types)
    imported = set(re.findall(r"&__pyx_vp_(\w+)", variables))
    if not used & {f"__pyx_v_{name}" for name in imported}:
        variables = VARIABLE_IMPORTS.sub("", variables)
        before = VARIABLE.sub(lambda found: "" if found[1] in imported else found[0], before)
    return before + types + variables + after


def apart(text: str) -> str:
    """Return generated C with the functions that simulations run side by side, away from the ways to an exception.

    Speed: the host's instruction cache holds less than what simulations run; SLUB's remote frees missed it 73 times an
    operation, 50 with this and -O2 (callgrind), and benchmarks/allocator.py is 2 to 4 % faster.
    """
    declared = METHOD.sub("SIMSLAB_HOT ", REPORT.sub("SIMSLAB_COLD ", text))
    return declared.replace(FIRST_SECTION, FIRST_SECTION + PLACES, 1)


def used_names(text: str) -> set[str]:
    """Return the names of types, tables of methods and variables that the functions of a module mention."""
    _, *parts = SECTION.split(text)
    sections = zip(parts[::2], parts[1::2], strict=True)
    return {name for section, body in sections if section in MENTION for name in NAME.findall(body)}


def hurried(text: str, cold: re.Pattern[str]) -> str:
    """Return generated C with gcc told to take no pains over what loads the module, and over functions so named.

    Speed: to translate and compile 60 leaves took 75 s of CPU, before 118, and benchmarks/allocator.py is as fast. A
    compiler that does not know the pragmas takes longer and gives the same.
    """
    head, *parts = SECTION.split(text)
    sections = zip(parts[::2], parts[1::2], strict=True)
    return head + "".join(hurried_section(name, body, cold) for name, body in sections)


def hurried_section(name: str, body: str, cold: re.Pattern[str]) -> str:
    """Return one section of generated C with its cold functions unoptimised."""
    section = f"/* #### Code section: {name} ### */\n{body}"
    if name in LOADING:
        return unoptimised(section)
    if name == "module_code":
        return FUNCTION.sub(lambda found: unoptimised(found[0]) if cold.match(found[1]) else found[0], section)
    if name == "utility_code_def":
        first, *functions = UTILITY.split(section)
        return first + "".join(function if is_inlined(function) else unoptimised(function) for function in functions)
    return section


def is_inlined(utility: str) -> bool:
    """Tell the functions of Cython's that may be part of the hot path, such as divisions that round down."""
    return "CYTHON_INLINE" in utility and utility.split()[1] not in ARGUMENTS


def unoptimised(text: str) -> str:
    """Return C between pragmas that gcc alone reads."""
    return f"{BEGIN_UNOPTIMISED}{text}\n{END_UNOPTIMISED}"


def forget_older(folder: Path, headers: list[Path]) -> None:
    """Remove the C in `folder` if some is older than a header, which `cythonize` does not see of `from x cimport y`.

    Where one library is made of all leaves, what comes out the same is not compiled again.
    """
    made = [path.stat().st_mtime for path in folder.rglob("*.c")]
    if made and max((path.stat().st_mtime for path in headers), default=0) > min(made):
        shutil.rmtree(folder)

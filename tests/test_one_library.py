"""The C of all leaves as one library: calls by name where one function alone can be meant, by the table elsewhere."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simslab.base.build import running_build

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "one_library.py"))
END = "/* #### Code section: utility_code_proto ### */\n"
CLASSES = """\
struct obj_Base { struct __pyx_vtabstruct_Base *__pyx_vtab; long field; };
struct obj_Below { struct obj_Base __pyx_base; };
struct __pyx_vtabstruct_Base {
  long (*kept)(struct obj_Base *, long);
  long (*changed)(struct obj_Base *, long);
};
struct __pyx_vtabstruct_Below {
  struct __pyx_vtabstruct_Base __pyx_base;
  long (*added)(struct obj_Below *, long);
};
"""
BASE = (
    CLASSES
    + """\
static long __pyx_f_Base_kept(struct obj_Base *self, long x) { return self->field + x; }
static long __pyx_f_Base_changed(struct obj_Base *self, long x) { return self->field - x; }
"""
    + END
    + """\
struct __pyx_vtabstruct_Base __pyx_vtable_Base;
void PyInit_base(void) {
  __pyx_vtable_Base.kept = (long (*)(struct obj_Base *, long))__pyx_f_Base_kept;
  __pyx_vtable_Base.changed = (long (*)(struct obj_Base *, long))__pyx_f_Base_changed;
}
"""
)
BELOW = (
    CLASSES
    + """\
static long __pyx_f_Below_changed(struct obj_Below *self, long x) { return self->__pyx_base.field * x; }
static long __pyx_f_Below_added(struct obj_Below *self, long x) { return x; }
extern struct __pyx_vtabstruct_Base __pyx_vtable_Base;
"""
    + END
    + """\
struct __pyx_vtabstruct_Below __pyx_vtable_Below;
void PyInit_below(void) {
  __pyx_vtable_Below.__pyx_base = __pyx_vtable_Base;
  __pyx_vtable_Below.__pyx_base.changed = (long (*)(struct obj_Base *, long))__pyx_f_Below_changed;
  __pyx_vtable_Below.added = (long (*)(struct obj_Below *, long))__pyx_f_Below_added;
}
"""
)
KNOWN_BASE = "((struct __pyx_vtabstruct_Base *)b->__pyx_vtab)->"
KNOWN_BELOW = "((struct __pyx_vtabstruct_Below *)d->__pyx_base.__pyx_vtab)->"
CALLER = (
    CLASSES
    + END
    + f"""\
long call(struct obj_Base *b, struct obj_Below *d) {{
  long kept = {KNOWN_BASE}kept(b, 1);
  long changed = {KNOWN_BASE}changed(b, 2);
  long inherited = {KNOWN_BELOW}__pyx_base.kept((struct obj_Base *)d, 4);
  long own = {KNOWN_BELOW}__pyx_base.changed((struct obj_Base *)d, 8);
  long added = {KNOWN_BELOW}added(d, 16);
  return kept + 100 * (changed + 100 * (inherited + 100 * (own + 100 * added)));
}}
"""
)
TEXTS = {"pack.base": BASE, "pack.below": BELOW, "pack.caller": CALLER}
MAIN = """\
#include <stdio.h>
struct table; struct object { struct table *table; long field; };
extern struct table __pyx_vtable_Base, __pyx_vtable_Below;
void PyInit_pack_base(void); void PyInit_pack_below(void);
long call(void *, void *);
int main(void) {
  PyInit_pack_base(); PyInit_pack_below();
  struct object base = {&__pyx_vtable_Base, 7}, below = {&__pyx_vtable_Below, 5};
  printf("%ld %ld\\n", call(&base, &below), call(&below, &below));
}
"""


def lines_of(text):
    return {found[1]: found[2] for found in re.finditer(r"^  long (\w+) = (.*);$", text, re.MULTILINE)}


def test_a_method_is_called_by_name_where_no_class_overrides_it_below_the_type_that_is_known():
    calls = lines_of(TOOL["joined"](TEXTS, TEXTS)["pack.caller"])
    assert calls == {
        "kept": "simslab_Base_kept(b, 1)",
        "changed": f"{KNOWN_BASE}changed(b, 2)",
        "inherited": "simslab_Base_kept((struct obj_Base *)d, 4)",
        "own": "simslab_Below_changed_of_Base((struct obj_Base *)d, 8)",
        "added": "simslab_Below_added(d, 16)",
    }


def test_modules_that_are_not_hot_call_by_the_table():
    found = TOOL["joined"](TEXTS, ["pack.base"])
    assert lines_of(found["pack.caller"]) == lines_of(CALLER)
    assert "alias" not in found["pack.base"]


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("gcc"), reason="compiles")
@pytest.mark.parametrize("hot", [[], list(TEXTS)])
def test_calls_by_name_run_what_calls_by_the_table_ran(tmp_path, hot):
    for name, text in TOOL["joined"](TEXTS, hot).items():
        (tmp_path / f"{name}.c").write_text(text)
    (tmp_path / "main.c").write_text(MAIN)
    subprocess.run(["gcc", "-O1", "-w", *sorted(map(str, tmp_path.glob("*.c"))), "-o", tmp_path / "run"], check=True)
    told = subprocess.run([tmp_path / "run"], capture_output=True, text=True, check=True).stdout
    assert told == "1640090508 1640091006\n"


def test_the_entrance_of_a_module_has_a_name_of_its_own_and_its_door_leads_there():
    assert "void PyInit_pack_below(void) {" in TOOL["joined"](TEXTS, TEXTS)["pack.below"]
    door = TOOL["door"]("pack.below")
    assert "*PyInit_below(void) {\n    return PyInit_pack_below();" in door


@pytest.mark.skipif(running_build().kind != "compiled" or sys.platform != "linux", reason="concerns compiled modules")
def test_leaves_of_one_name_in_two_rooms_are_in_one_library():
    code = """if True:
        from simslab.slab import alloc
        from simslab.slub import alloc as other
        assert alloc.SlabAlloc.__module__ == alloc.__name__ == "simslab.slab.alloc"
        assert other.SlubAlloc.__module__ == other.__name__ == "simslab.slub.alloc"
        import simslab._leaves
        print(len({line.split()[-1] for line in open("/proc/self/maps") if "_leaves" in line}))
    """
    assert (
        subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout == "1\n"
    )

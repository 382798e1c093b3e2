"""What `setup.py` does to the C that Cython writes: nothing that is used is lost, and what is hot is optimised."""

import os
import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "generated_c.py"))
BEGIN = TOOL["BEGIN_UNOPTIMISED"]
ACCESSORS = {"__pyx_pf_b_C_1x___get__", "__pyx_pf_b_C_1x_2__set__"}

TYPE = """\
  __pyx_mstate->__pyx_ptype_1a_{name} = __Pyx_ImportType_3(__pyx_t_1, "a", "{name}",
  #if X
  sizeof(struct __pyx_obj_1a_{name}), 8,
  #endif
  __Pyx_ImportType_CheckSize_Warn_3); if (!__pyx_mstate->__pyx_ptype_1a_{name}) __PYX_ERR(3, 5, __pyx_L1_error)
  if (unlikely(__Pyx_GetVtable(__pyx_mstate->__pyx_ptype_1a_{name}, (void**)&__pyx_vtabptr_1a_{name}) != 1)) goto bad;
"""
FIRST_OF_MODULE = """\
  __pyx_t_1 = PyImport_ImportModule("a"); if (unlikely(!__pyx_t_1)) __PYX_ERR(3, 5, __pyx_L1_error)
  __Pyx_GOTREF(__pyx_t_1);
"""
LAST_OF_MODULE = "  __Pyx_DECREF(__pyx_t_1); __pyx_t_1 = 0;\n"
C = """\
/* #### Code section: filename_table ### */
/* #### Code section: utility_code_proto ### */
static void __Pyx_AddTraceback(const char *name,
                               int line); /*proto*/
/* #### Code section: decls ### */
static long __pyx_f_b_hot(long x); /* proto*/
static long *__pyx_vp_1a_BITS = 0;
#define __pyx_v_1a_BITS (*__pyx_vp_1a_BITS)
static long __pyx_v_own_BITS = 3;
/* #### Code section: module_state_clear ### */
  Py_CLEAR(clear_module_state->__pyx_ptype_1a_Used);
  Py_CLEAR(clear_module_state->__pyx_ptype_1a_Unused);
/* #### Code section: module_code ### */
static long __pyx_f_b_hot(long x) {{
  return {uses};
}}
static PyObject *__pyx_pf_b_body(PyObject *self) {{
  return 0;
}}
static int __pyx_pf_b_C___init__(PyObject *self) {{
  return 0;
}}
static PyObject *__pyx_pf_b_C_1x___get__(PyObject *self) {{
  return 0;
}}
static int __pyx_pf_b_C_1x_2__set__(PyObject *self) {{
  return 0;
}}
static PyObject *__pyx_pw_b_wrapper(PyObject *self) {{
  return 0;
}}
/* #### Code section: init_module ### */
static int __Pyx_modinit_Type_import_code(__pyx_mstatetype *__pyx_mstate) {{
  /*--- Type import code ---*/
{types}  __Pyx_RefNannyFinishContext();
  return 0;
}}
static int __Pyx_modinit_Variable_import_code(__pyx_mstatetype *__pyx_mstate) {{
  /*--- Variable import code ---*/
  void **const __pyx_import_pointers[] = {{(void **)&__pyx_vp_1a_BITS, (void **) NULL}};
  __Pyx_RefNannyFinishContext();
  return 0;
}}
static int __Pyx_modinit_Function_import_code(__pyx_mstatetype *__pyx_mstate) {{
  return 0;
}}
/* #### Code section: end ### */
"""


def generated(*types, uses="x"):
    imports = FIRST_OF_MODULE + "".join(TYPE.format(name=name) for name in types) + LAST_OF_MODULE
    return C.format(types=imports, uses=uses)


def unoptimised_functions(text):
    """The functions that stand between the pragmas."""
    between = [part.split(TOOL["END_UNOPTIMISED"])[0] for part in text.split(BEGIN)[1:]]
    return {
        name
        for part in between
        for name in ("__pyx_f_b_hot", "__pyx_pf_b_body", "__pyx_pf_b_C___init__", *ACCESSORS, "__pyx_pw_b_wrapper")
        if name in part
    }


def test_a_type_that_no_function_mentions_is_not_imported():
    text = TOOL["without_unused_imports"](generated("Used", "Unused", uses="(long)__pyx_ptype_1a_Used"))
    assert "__pyx_ptype_1a_Used = " in text
    assert '"Unused"' not in text
    assert 'PyImport_ImportModule("a")' in text


def test_a_type_of_which_only_the_methods_are_called_is_imported():
    text = TOOL["without_unused_imports"](generated("Used", uses="__pyx_vtabptr_1a_Used->hot(x)"))
    assert "__pyx_ptype_1a_Used = " in text


def test_a_module_of_which_no_type_is_used_is_not_imported():
    assert 'PyImport_ImportModule("a")' not in TOOL["without_unused_imports"](generated("Unused"))


def test_a_variable_that_no_function_mentions_is_neither_imported_nor_declared():
    text = TOOL["without_unused_imports"](generated())
    assert "__pyx_vp_1a_BITS" not in text
    assert "__pyx_v_own_BITS = 3" in text


def test_a_variable_that_a_function_mentions_stays():
    text = TOOL["without_unused_imports"](generated(uses="__pyx_v_1a_BITS"))
    assert "static long *__pyx_vp_1a_BITS = 0;" in text
    assert "&__pyx_vp_1a_BITS" in text


def test_c_without_the_places_of_imports_is_left_as_it_is():
    text = generated("Unused").replace("__Pyx_modinit_Variable_import_code", "otherwise_named")
    assert TOOL["without_unused_imports"](text) == text


def test_of_a_cold_module_what_python_calls_is_not_optimised():
    found = unoptimised_functions(TOOL["revised"](generated(), hot=False))
    assert found == {"__pyx_pf_b_body", "__pyx_pf_b_C___init__", "__pyx_pw_b_wrapper", *ACCESSORS}


def test_of_a_hot_module_bodies_are_optimised_but_for_those_that_make_objects_or_show_what_is_in_them():
    found = unoptimised_functions(TOOL["revised"](generated(), hot=True))
    assert found == {"__pyx_pf_b_C___init__", "__pyx_pw_b_wrapper", *ACCESSORS}


def test_of_a_hot_module_what_simulations_run_is_put_apart_from_what_tells_of_exceptions():
    text = TOOL["revised"](generated(), hot=True)
    assert "SIMSLAB_HOT static long __pyx_f_b_hot(long x); /* proto*/\n" in text
    assert "SIMSLAB_COLD static void __Pyx_AddTraceback(const char *name,\n" in text
    assert text.index("#define SIMSLAB_HOT") < text.index("SIMSLAB_COLD static")


def test_of_a_cold_module_nothing_is_put_apart():
    assert "SIMSLAB" not in TOOL["revised"](generated(), hot=False)


@pytest.mark.parametrize("hot", [True, False])
def test_revising_twice_is_as_once(hot):
    once = TOOL["revised"](generated("Used", "Unused"), hot)
    assert TOOL["revised"](once, hot) == once


def test_a_suffix_that_cython_gives_twice_is_given_once():
    assert TOOL["repaired"]("return -1LLLL;") == "return -1LL;"


@pytest.mark.parametrize(("changed", "left"), [("header", False), ("nothing", True), ("no header", True)])
def test_c_that_is_older_than_a_header_is_removed(tmp_path, changed, left):
    header, made = tmp_path / "stacks.pxd", tmp_path / "build" / "simslab" / "context.c"
    made.parent.mkdir(parents=True)
    for path in (header, made):
        path.touch()
    os.utime(made, (1000, 1000))
    os.utime(header, (2000, 2000) if changed == "header" else (500, 500))
    TOOL["forget_older"](tmp_path / "build", [] if changed == "no header" else [header])
    assert made.exists() is left


def test_a_first_build_has_nothing_to_remove(tmp_path):
    (tmp_path / "stacks.pxd").touch()
    TOOL["forget_older"](tmp_path / "build", [tmp_path / "stacks.pxd"])
    assert not (tmp_path / "build").exists()

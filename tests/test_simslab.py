"""`import simslab` is light, and offers what it says."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import simslab
import simslab.api

MODULES = [module.name for module in pkgutil.iter_modules(simslab.api.__path__, "simslab.api.")]


def python(code, **environment):
    import os

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout


def test_every_name_that_is_offered_is_there():
    assert [name for name in simslab.__all__ if not hasattr(simslab, name)] == []
    assert simslab.__all__ == sorted(simslab.__all__)
    assert set(simslab.__all__) <= set(dir(simslab))


def test_a_name_that_is_not_offered_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        simslab.runn  # noqa: B018 - it raises


def test_importing_loads_nothing_else():
    heavy = "[n for n in sys.modules if n.split('.')[0] in ('numpy', 'pydantic', 'scipy', 'yaml', 'rich')]"
    assert python(f"import sys, simslab; print({heavy})") == "[]\n"


def test_the_plain_build_is_chosen_before_anything_is_loaded():
    code = "import simslab; from simslab.base.build import running_build; simslab.run; print(running_build().kind)"
    assert python(code, SIMSLAB_PURE="1") == "plain\n"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_script_without_a_main_guard_sweeps_in_processes(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(
        "import simslab\n"
        "with simslab.sweep('one-node', 'local-churn', {'core.ipc': [2, 4]}, store='a.db', processes=2,\n"
        "                   overrides={'scale': 0.005}, metrics=['throughput']) as sweep:\n"
        "    print(len(sweep.cells))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2\n", "")

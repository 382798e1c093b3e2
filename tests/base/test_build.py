import json
import os
import subprocess
import sys

import pytest

import simslab
from simslab.base.build import running_build, source_hash

SHOW = """
from simslab.base import histogram
from simslab.base.build import running_build
print(running_build(), histogram.__file__)
"""


def test_the_running_build_is_in_the_imported_package():
    assert running_build().folder.joinpath("__init__.py").samefile(simslab.__file__)
    assert running_build().kind in ("compiled", "plain")


def test_plain_python_can_be_forced():
    environment = {**os.environ, "SIMSLAB_PURE": "1"}
    shown = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("plain (SIMSLAB_PURE=1) ")
    assert shown.stdout.strip().endswith("histogram.py")


@pytest.mark.parametrize("module", ["simslab.base.histogram", "simslab.base.bits"])
def test_a_leaf_or_a_header_changed_since_the_build_is_reported(module, monkeypatch):
    build = running_build()
    if build.kind != "compiled":
        pytest.skip("needs a compiled build")
    record = json.loads((build.folder / "built.json").read_text())
    record["sources"][module] = "0"
    monkeypatch.setattr("simslab.base.build._record", lambda path: record)
    assert running_build().stale == (module,)
    assert f"STALE, install again: {module} changed" in str(running_build())


def test_the_hash_covers_source_and_declarations(tmp_path):
    source = tmp_path / "leaf.py"
    source.write_text("x = 1\n")
    alone = source_hash(source)
    source.with_suffix(".pxd").write_text("cdef long long x\n")
    assert source_hash(source) != alone


def test_importing_the_package_imports_nothing_heavy():
    code = "import simslab, sys; print([m for m in ('numpy', 'pydantic', 'matplotlib', 'simpy') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"

import json
import os
import subprocess
import sys

import pytest

import simslab
from simslab.base import build
from simslab.base.build import code_digest, running_build, source_hash

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


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A small package in whose place `code_digest` looks, and a function that returns its digest as it is now."""
    folder = tmp_path / "simslab"
    (folder / "base").mkdir(parents=True)
    (folder / "base" / "leaf.py").write_bytes(b"x = 1\n")
    (folder / "base" / "leaf.pxd").write_bytes(b"cdef int x\n")
    monkeypatch.setattr(build, "__file__", str(folder / "base" / "build.py"))
    return folder / "base", code_digest.__wrapped__


@pytest.mark.parametrize("name", ["leaf.py", "leaf.pxd", "new.py"])
def test_the_digest_of_the_code_changes_with_every_source(copied, name):
    folder, digest = copied
    before = digest()
    with (folder / name).open("ab") as file:
        file.write(b"# more\n")
    assert digest() != before


def test_the_digest_of_the_code_is_that_of_its_sources_alone_however_lines_end(copied):
    folder, digest = copied
    before = digest()
    (folder / "leaf.py").write_bytes(b"x = 1\r\n")
    (folder / ".#leaf.py").symlink_to("nowhere")
    (folder / "leaf.cpython-311.so").write_bytes(b"\x7fELF")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "leaf.pyc").write_bytes(b"code")
    (folder / "built.json").write_text("{}")
    assert digest() == before


def test_the_digest_of_the_code_is_the_same_compiled_and_plain_and_another_where_what_runs_is_older(monkeypatch):
    show = "from simslab.base.build import code_digest; print(code_digest())"
    plain = {**os.environ, "SIMSLAB_PURE": "1"}
    shown = subprocess.run([sys.executable, "-c", show], env=plain, capture_output=True, text=True, check=True)
    here = running_build()
    if here.stale:
        pytest.skip("needs a build of these sources")
    assert shown.stdout.strip() == code_digest()
    if here.kind == "compiled":
        stale = here._replace(stale=("simslab.base.histogram",))
        monkeypatch.setattr(build, "running_build", lambda: stale)
        assert code_digest.__wrapped__() != code_digest()


def test_importing_the_package_imports_nothing_heavy():
    code = "import simslab, sys; print([m for m in ('numpy', 'pydantic', 'matplotlib', 'simpy') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"

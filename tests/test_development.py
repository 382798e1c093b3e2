"""What `make dev` needs: everything that builds by hand, and nothing compiled twice."""

import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_extra_dev_brings_what_a_build_requires():
    """`python setup.py build_ext --inplace` runs outside the environment that pip makes for a build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["build-system"]["requires"]) <= set(project["project"]["optional-dependencies"]["dev"])


def test_an_editable_install_leaves_its_objects_where_builds_in_place_look_for_them(monkeypatch):
    setuptools = pytest.importorskip("setuptools")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(setuptools, "setup", lambda **_: None)
    command = runpy.run_path("setup.py")["BuildLeaves"]
    places = []
    for editable in (False, True):
        build = command(setuptools.Distribution())
        build.editable_mode = editable
        if editable:
            build.get_finalized_command("build").build_temp = "/tmp/gone-when-pip-ends"
        build.ensure_finalized()
        places.append(build.build_temp)
    assert places[0] == places[1]

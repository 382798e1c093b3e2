"""What `make dev` and builds by hand need: all that they import, nothing compiled twice, plain words."""

import runpy
import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_extra_dev_brings_what_a_build_requires():
    """`python setup.py build_ext --inplace` runs outside the environment that pip makes for a build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["build-system"]["requires"]) <= set(project["project"]["optional-dependencies"]["dev"])


@pytest.fixture
def setup(monkeypatch):
    """What `setup.py` defines."""
    setuptools = pytest.importorskip("setuptools")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(setuptools, "setup", lambda **_: None)
    return SimpleNamespace(**runpy.run_path("setup.py"), distribution=setuptools.Distribution)


def test_a_compiler_that_is_not_there_is_told_in_plain_words(setup):
    with pytest.raises(FileNotFoundError) as refused:
        subprocess.run(["no-such-gcc"], check=True)
    assert setup.in_brief(refused.value) == "there is no C compiler no-such-gcc"


def test_an_editable_install_leaves_its_objects_where_builds_in_place_look_for_them(setup):
    places = []
    for editable in (False, True):
        build = setup.BuildLeaves(setup.distribution())
        build.editable_mode = editable
        if editable:
            build.get_finalized_command("build").build_temp = "/tmp/gone-when-pip-ends"
        build.ensure_finalized()
        places.append(build.build_temp)
    assert places[0] == places[1]

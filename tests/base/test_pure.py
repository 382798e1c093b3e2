import sys

import pytest

from simslab.base.pure import SourceFinder


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "leaf.py").write_text("speed = 'plain'\n")
    (folder / "leaf.cpython-311-x86_64-linux-gnu.so").write_bytes(b"not a library")
    return folder


def test_a_source_is_found_although_an_extension_lies_beside_it(package):
    spec = SourceFinder("thing").find_spec("thing.leaf", [str(package)])
    assert spec.origin == str(package / "leaf.py")


def test_other_packages_are_left_to_the_other_finders(package):
    assert SourceFinder("thing").find_spec("things.leaf", [str(package)]) is None
    assert SourceFinder("thing").find_spec("thing.none", [str(package)]) is None


def test_the_source_is_what_is_imported(package, monkeypatch):
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setattr(sys, "meta_path", [SourceFinder("thing"), *sys.meta_path])
    from thing import leaf

    assert leaf.speed == "plain"

import hashlib

import pytest

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.result.manifest import (
    Configuration,
    Manifest,
    code_note,
    host_facts,
    input_hashes,
    manifest_document,
    named_hashes,
)


def files(tmp_path, **contents):
    paths = []
    for folder, text in contents.items():
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "mine.yaml")
        paths[-1].write_text(text)
    return paths


def test_inputs_are_named_without_their_directories(tmp_path):
    (path,) = files(tmp_path, a="one")
    assert input_hashes([path]) == {"mine.yaml": hashlib.sha256(b"one").hexdigest()}


def test_inputs_of_one_name_keep_a_hash_each(tmp_path):
    hashes = input_hashes(files(tmp_path, machines="one", workloads="two"))
    assert sorted(hashes.values()) == sorted(hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))


@pytest.mark.parametrize("names", [["x (1)", "x (1)"], ["x", "x", "x (2)"], ["x (2)", "x", "x"], ["x"] * 3])
def test_no_hash_is_lost_whatever_files_are_called(names):
    hashes = named_hashes({f"{folder}/{name}": str(folder) for folder, name in enumerate(names)})
    assert sorted(hashes.values()) == sorted(map(str, range(len(names))))
    assert hashes[names[0]] == "0"


def test_an_input_that_is_gone_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        input_hashes([tmp_path / "gone"])


def test_everything_but_the_host_follows_from_the_inputs():
    configuration = Configuration("m", {"x": 1})
    first, second = (
        manifest_document(Manifest("run", configuration, configuration, {}, (1,), host_facts(build)), ["b", "a"])
        for build in ("compiled", "plain")
    )
    assert first.pop("host")["build"] == "compiled"
    assert second.pop("host")["build"] == "plain"
    assert first == second
    assert first["files"] == ["a", "b"]
    assert first["simslab_code"] == code_digest()


def test_results_of_different_code_are_told_by_name_and_those_that_do_not_say_are_left_out():
    assert code_note({"a": "12", "b": None, "c": "12"}) == ""
    assert code_note({"a": "12", "b": None, "c": "34"}) == "made by different code of simslab: a by 12, c by 34"

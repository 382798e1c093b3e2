"""A document says only where it differs from the one it extends."""

import pytest

from simslab.base.documents.inherit import extend
from simslab.base.documents.yamlfile import parse_yaml
from simslab.base.errors import UserError

BASE = "name: base\ncore: {frequency: 2 GHz, ipc: 3}\nnodes: [{memory: 1}, {memory: 2}]\n"


def extended(text, others=None):
    files = {"base": BASE, **(others or {})}
    document = parse_yaml(text, "own.yaml")
    extend(document, lambda name, file: parse_yaml(files[name], name), ("name",))
    return document


def test_mappings_are_merged_key_by_key():
    document = extended("extends: base\nname: own\ncore: {ipc: 4}\n")
    assert document.value["core"] == {"ipc": 4, "frequency": "2 GHz"}
    assert document.value["name"] == "own"
    assert "extends" not in document.value


def test_lists_are_replaced():
    assert extended("extends: base\nnodes: [{memory: 3}]\n").value["nodes"] == [{"memory": 3}]


def test_what_is_a_files_own_is_not_inherited():
    assert "name" not in extended("extends: base\n").value


def test_inherited_parts_keep_their_place_in_the_file_they_came_from():
    document = extended("extends: base\ncore: {ipc: 4}\n")
    assert document.position(("core", "frequency")).file == "base"
    assert document.position(("core", "ipc")).file == "own.yaml"


def test_generations_are_followed():
    document = extended("extends: middle\n", {"middle": "extends: base\ncore: {ipc: 5}\n"})
    assert document.value["core"] == {"ipc": 5, "frequency": "2 GHz"}


def test_a_file_that_extends_itself_is_refused():
    with pytest.raises(UserError, match="in turn"):
        extended("extends: a\n", {"a": "extends: b\n", "b": "extends: a\n"})


@pytest.mark.parametrize(("generations", "sound"), [(7, True), (8, False)])
def test_a_file_may_be_the_eighth_in_its_line(generations, sound):
    line = {f"g{i}": f"extends: g{i + 1}\nkey{i}: 1\n" for i in range(1, generations)}
    line[f"g{generations}"] = "last: 1\n"
    if sound:
        assert extended("extends: g1\n", line).value["last"] == 1
    else:
        with pytest.raises(UserError, match="is extended too often"):
            extended("extends: g1\n", line)


def test_a_name_must_be_text():
    with pytest.raises(UserError, match=r"own\.yaml:1:10: extends: is not a name"):
        extended("extends: [1]\n")


def test_null_extends_nothing():
    assert extended("extends: null\nname: own\n").value == {"extends": None, "name": "own"}

import json

import pytest

from simslab.base.errors import UserError
from simslab.result.stored import flat, stored


def test_a_manifest_and_its_directory_are_the_same_result(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "simslab-manifest", "version": 1}))
    assert stored(tmp_path) == stored(tmp_path / "manifest.json")
    assert stored(tmp_path).text("result.json") is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is no JSON"),
        ("[]", "is no manifest of simslab"),
        ('{"format": "simslab-result"}', "is no manifest of simslab"),
        ('{"format": "simslab-manifest", "version": 7}', "is a manifest of version 7; expected version 1"),
    ],
)
def test_what_is_no_manifest_is_told(content, told, tmp_path):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=told):
        stored(tmp_path)


def test_paths_are_those_of_set():
    assert dict(flat({"a": {"b": [1, {"c": 2}]}, "d": []})) == {"a.b[0]": 1, "a.b[1].c": 2, "d": []}

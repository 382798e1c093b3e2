from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import KINDS, find_shipped, shipped_folder, shipped_names


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_name_leads_to_a_file(kind):
    names = shipped_names(kind)
    assert names == sorted(names) != []
    assert all(find_shipped(kind, name).is_file() for name in names)
    assert all(find_shipped(kind, name).parent == shipped_folder(kind) for name in names)


@pytest.mark.parametrize("name", ["here/two-socket", "two-socket.yaml", "./x", "x.yml"])
def test_a_name_with_a_slash_or_suffix_is_a_path(name):
    assert find_shipped("machines", name) == Path(name)


def test_an_unknown_name_tells_the_near_miss():
    with pytest.raises(UserError, match=r"there is no machine 'two-sokcet'.*did you mean 'two-socket'"):
        find_shipped("machines", "two-sokcet")


def test_a_file_without_slash_and_suffix_is_found_behind_what_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "two-socket"):
        (tmp_path / name).write_text("")
    assert find_shipped("machines", "mine") == Path("mine")
    assert find_shipped("machines", "two-socket").parent == shipped_folder("machines")


def test_a_dash_is_told_the_name_of_standard_input():
    with pytest.raises(UserError, match=r"there is no machine '-'.*did you mean '/dev/stdin'"):
        find_shipped("machines", "-")

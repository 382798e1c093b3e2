from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.conform.dispatch import conform, golden_files

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("topology-1n1c.json", "topology"), ("caches-1n1c.csv", "caches"), ("cachenodes-1n1c.csv", "cachenodes")],
)
def test_a_file_is_checked_as_what_its_name_says(name, kind):
    path = next(GOLDEN.glob(f"{name}*"))
    assert conform(path).kind == kind


def test_what_is_no_record_is_skipped_with_a_reason(tmp_path):
    (tmp_path / "README.md").write_text("words")
    assert conform(tmp_path / "README.md").skipped == "not a record of allocator behaviour to replay"


def test_a_file_of_an_unknown_kind_is_refused_with_the_kinds(tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(UserError, match=r"not a known kind of golden file; expected cache_geometry\*"):
        conform(tmp_path / "notes.txt")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        conform(tmp_path / "kmalloc.csv")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("topology-1n1c.json", b"{", "no JSON object"),
        ("kmalloc.csv.gz", b"no gzip", "gzip"),
        ("caches-1n1c.csv", b"name,size\n\xff\n", "plain or gzipped ASCII text"),
        ("cache_geometry.csv", b"req_size,req_align\n8,8\n", "req_flags"),
    ],
)
def test_a_file_that_cannot_be_understood_is_the_users_mistake(name, content, told, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told):
        conform(tmp_path / name)


def test_files_of_folders_are_found_in_order_of_name_everything_below_included(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("c.csv", "a/b.csv"):
        (tmp_path / name).touch()
    alone = tmp_path / "c.csv"
    assert golden_files([tmp_path, alone]) == [tmp_path / "a" / "b.csv", alone, alone]

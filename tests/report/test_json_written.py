import os
from pathlib import Path

from simslab.report.json_written import WrittenFile, written_json


def test_a_file_is_told_with_its_size(tmp_path):
    (tmp_path / "a.csv").write_text("1234\n")
    told = WrittenFile.model_validate_json(written_json({"data": tmp_path / "a.csv"}, notes=("read this",)))
    (file,) = told.files
    assert (file.what, file.file, file.bytes) == ("data", str(tmp_path / "a.csv"), 5)
    assert (told.text, told.notes) == (None, ["read this"])


def test_what_is_no_ordinary_file_has_no_size():
    assert WrittenFile.model_validate_json(written_json({"machine": Path(os.devnull)})).files[0].bytes is None


def test_a_text_without_a_file_is_held():
    told = WrittenFile.model_validate_json(written_json({}, "name: größe\n"))
    assert (told.files, told.text) == ([], "name: größe\n")

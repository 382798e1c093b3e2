"""`simslab validate` prints the model beside measurements and says whether they agree."""

from simslab.instruments.validate.rows import COLUMNS

ROW = "s,emerald-rapids-2,1,irq,,pushf_pop_push_popf,{0},{0},{0},ns,0.15,prediction"


def table(folder, *values):
    path = folder / "rows.csv"
    path.write_text("\n".join([",".join(COLUMNS), *map(ROW.format, values), ""]))
    return path


def test_rows_that_agree_end_with_0_and_others_with_1(simslab, tmp_path):
    assert simslab("validate", "--rows", table(tmp_path, 10.6))[0] == 0
    code, told = simslab("validate", "--rows", table(tmp_path, 10.6, 30))[:2]
    assert code == 1
    assert "MISS" in told


def test_shipped_rows_are_chosen_by_their_titles(simslab):
    told = simslab("validate", "--only", "rapids-2 1 irq")[1]
    assert told.count("pushf_pop_push_popf") == 1


def test_no_row_and_no_pattern_are_told(refused):
    assert "no row matches" in refused("validate", "--only", "nothing")
    assert "regular expression" in refused("validate", "--only", "(")


def test_report_and_figure_are_written(simslab, tmp_path):
    simslab("validate", "--rows", table(tmp_path, 10.6), "--report", tmp_path / "v.md", "--figure", tmp_path / "v.svg")
    assert "# The model beside measurements" in (tmp_path / "v.md").read_text()
    assert (tmp_path / "v.svg").exists()


def test_a_table_without_rows_is_told(refused, tmp_path):
    assert "rows.csv: has no rows; expected one below the heading" in refused("validate", "--rows", table(tmp_path))

"""A drawn figure carries its data."""

import csv

from simslab.report.canvas import house_style, new_figure
from simslab.report.plot.drawn import Drawn


def drawn(*rows):
    with house_style():
        return Drawn(new_figure(1.0), ("name", "value"), rows)


def test_the_data_is_csv_with_a_head():
    assert drawn(("a, b", 1.5), ("c", 2)).csv_text() == 'name,value\n"a, b",1.5\nc,2\n'


def test_a_name_that_a_spreadsheet_would_compute_is_text():
    name, value = next(csv.reader(drawn(("=1+1", -2)).csv_text().splitlines()[1:]))
    assert not name.startswith("=")
    assert name.endswith("=1+1")
    assert value == "-2"


def test_the_data_lies_beside_the_figure(tmp_path):
    figure = drawn(("a", 1))
    figure.write(tmp_path / "f.svg")
    assert (tmp_path / "f.svg").read_text().startswith("<?xml")
    assert (tmp_path / "f.csv").read_text() == figure.csv_text()

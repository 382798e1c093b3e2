"""Answers as text, Markdown and figure."""

import pytest

from simslab.instruments.validate.questions import Answer
from simslab.instruments.validate.rows import COLUMNS, parse
from simslab.report.validation import draw_validation, validation_markdown, validation_text

TABLE = (
    ",".join(COLUMNS)
    + """
mail,one-node,1,pair,size=64 cpus=1,op,10,9,11,ns,0.15,calibration
mail,one-node,2,nn,size=64 cpus=2,free,20,20,20,ns,0.25,prediction
"""
)


@pytest.fixture
def answers():
    first, second = parse(TABLE, "t.csv")
    return [Answer(first, 11.0), Answer(second, 30.0)]


def test_a_line_has_model_measurement_error_and_verdict(answers):
    text = validation_text(answers)
    line = next(line for line in text.splitlines() if "nn" in line and "free" in line)
    assert line.split()[-6:] == ["30.00", "20.00", "ns", "+50.0", "%", "MISS"]
    assert "one-node, 2 nodes" in line


def test_calibration_stands_before_prediction_and_a_summary_ends_it(answers):
    text = validation_text(answers)
    assert text.index("calibration:") < text.index("prediction:") < text.index("mean |error|")


def test_markdown_names_the_sources(answers):
    text = validation_markdown(answers)
    assert "## Prediction" in text
    assert text.rstrip().endswith("Sources: mail.")


def test_the_figure_is_written(answers, tmp_path):
    draw_validation(answers, tmp_path / "v.png")
    assert (tmp_path / "v.png").stat().st_size > 1000

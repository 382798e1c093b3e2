from simslab.report.canvas import house_style, new_figure
from simslab.report.letters import missing_letters


def missing(title):
    with house_style():
        figure = new_figure(1.0)
        figure.subplots().set_title(title)
        return missing_letters(figure)


def test_letters_that_the_font_has_are_not_told():
    assert missing("latency in \u00b5s, \u00e9t\u00e9, \u03b1\nbeta") == ""


def test_each_letter_that_the_font_has_not_is_told_once():
    assert missing("\u540d\u524d\u540d a") == "\u524d\u540d"

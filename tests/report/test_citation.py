"""How simslab is cited: the repository's file is what artifacts get."""

from pathlib import Path

import yaml

import simslab
from simslab.report.citation import citation_text


def test_the_repository_has_this_file():
    assert (Path(__file__).parents[2] / "CITATION.cff").read_text() == citation_text()


def test_it_has_what_the_format_requires():
    citation = yaml.safe_load(citation_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == simslab.__version__
    assert citation["license"] == "GPL-2.0-only"

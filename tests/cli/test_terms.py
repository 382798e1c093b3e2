import json

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app
from simslab.experiment.figures.metrics import families
from simslab.report.glossary import GLOSSARY


def invoke(*arguments):
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_every_metric_is_listed_with_its_meaning():
    out = invoke("metrics")
    assert all(family.name in out and family.meaning in out for family in families())
    assert len(json.loads(invoke("metrics", "--json"))) == len(families())


def test_a_term_is_explained():
    assert invoke("explain", "irq_mask").startswith("irq_mask (cause): masking and unmasking interrupts")
    assert "(path)" in invoke("explain", "alien_drain")
    assert len(invoke("explain").splitlines()) == len(GLOSSARY)
    assert json.loads(invoke("explain", "list_lock", "--json"))[0]["kind"] == "lock"


def test_an_unknown_term_is_told_with_its_near_miss():
    with pytest.raises(UserError, match="did you mean 'irq_mask'"):
        invoke("explain", "irq_msak")


def test_a_trace_is_refused_where_words_are_explained(refused):
    assert "--trace: words need no trace; expected --worst K as well" in refused("explain", "hit", "--trace", "a.txt")

"""`simslab protocol` prints the tables."""

import json

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app
from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES


@pytest.mark.parametrize("name", DOMAIN_TABLES)
def test_every_row_is_printed(name):
    result = CliRunner().invoke(app, ["protocol", name.lower()])
    assert result.exit_code == 0
    for row in (*DOMAIN_TABLES[name], *CORE_TABLE):
        assert row.says in result.output
    assert len(result.output.splitlines()) == len(DOMAIN_TABLES[name]) + len(CORE_TABLE) + 5


def test_json_has_both_levels():
    told = json.loads(CliRunner().invoke(app, ["protocol", "MOESI", "--json"]).output)
    assert (len(told["domain"]), len(told["core"])) == (len(DOMAIN_TABLES["MOESI"]), len(CORE_TABLE))


def test_an_unknown_protocol_is_told_with_the_near_one():
    result = CliRunner().invoke(app, ["protocol", "moesif"])
    assert isinstance(result.exception, UserError)
    assert "did you mean 'mo" in str(result.exception) or "did you mean 'mesif'" in str(result.exception)

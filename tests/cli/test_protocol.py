"""`simslab protocol` prints the tables."""

import json

import pytest

from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES


@pytest.mark.parametrize("name", DOMAIN_TABLES)
def test_every_row_is_printed(simslab, name):
    status, out, _ = simslab("protocol", name.lower())
    assert status == 0
    for row in (*DOMAIN_TABLES[name], *CORE_TABLE):
        assert row.says in out
    assert len(out.splitlines()) == len(DOMAIN_TABLES[name]) + len(CORE_TABLE) + 5


def test_json_has_both_levels(simslab):
    told = json.loads(simslab("protocol", "MOESI", "--json")[1])
    assert (len(told["domain"]), len(told["core"])) == (len(DOMAIN_TABLES["MOESI"]), len(CORE_TABLE))


def test_an_unknown_protocol_is_told_with_the_near_one(refused):
    assert "did you mean 'moesi'?" in refused("protocol", "moesif")

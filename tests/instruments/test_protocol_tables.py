"""The protocols' tables by themselves: tests/machine/memory/test_protocol_tables.py holds the caches against them."""

import pytest

from simslab.instruments.protocol_tables import (
    CORE_TABLE,
    DOMAIN_TABLES,
    EVICT,
    NOWHERE,
    OTHER_READ,
    OTHER_WRITE,
    READ,
    WRITE,
)

TABLES = DOMAIN_TABLES | {"core": CORE_TABLE}
STATES = {"MESIF": set("IMESF"), "MOESI": set("IMESO"), "core": set("IMES")}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_states_of_its_protocol_and_enters_each(name):
    assert {row.state for row in TABLES[name]} == {row.next for row in TABLES[name]} == STATES[name]


@pytest.mark.parametrize("name", TABLES)
def test_whoever_has_a_line_is_told_what_becomes_of_it_at_every_event(name):
    told = {(row.state, row.event) for row in TABLES[name]}
    for state in STATES[name] - {"I"}:
        assert {event for held, event in told if held == state} == {READ, WRITE, OTHER_READ, OTHER_WRITE, EVICT}
    assert {event for held, event in told if held == "I"} == {READ, WRITE}


@pytest.mark.parametrize("name", TABLES)
def test_only_an_access_of_ones_own_brings_data(name):
    for row in TABLES[name]:
        assert (row.data == NOWHERE) == (row.event not in (READ, WRITE))


@pytest.mark.parametrize("name", TABLES)
def test_a_writer_has_the_only_copy_whatever_it_had_before(name):
    assert {row.next for row in TABLES[name] if row.event == WRITE} == {"M"}
    assert {row.next for row in TABLES[name] if row.event == OTHER_WRITE} == {"I"}


@pytest.mark.parametrize("name", TABLES)
def test_no_row_is_there_twice(name):
    rows = [(row.state, row.event, row.others, row.next) for row in TABLES[name]]
    assert len(set(rows)) == len(rows)

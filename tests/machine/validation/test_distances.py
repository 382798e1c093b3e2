import pytest

from simslab.machine.validation.distances import distance_faults

FAULTS = {
    "[[10, 21]]": (("distances",), "1 rows for 2 nodes"),
    "[[10, 21], [21]]": (("distances", 1), "1 distances for 2 nodes"),
    "[[11, 21], [21, 10]]": (("distances", 0), "node 0 is 11 from itself"),
    "[[10, 10], [21, 10]]": (("distances", 0), "another node is as near to node 0 as itself"),
}


@pytest.mark.parametrize("table", FAULTS)
def test_an_impossible_table_is_told_at_its_row(table, planned, told):
    assert told(distance_faults(*planned(f"distances={table}"))) == [FAULTS[table]]


@pytest.mark.parametrize("table", ["null", "[[10, 21], [21, 10]]", "[[10, 255], [11, 10]]"])
def test_a_sound_table_has_no_faults(table, planned):
    assert distance_faults(*planned(f"distances={table}")) == []

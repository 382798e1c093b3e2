import pytest

from simslab.machine.accounting import callsites
from simslab.machine.accounting.callsites import site, site_name


def test_a_name_keeps_its_number():
    number = site("test: a place")
    assert site("test: another place") != number
    assert site("test: a place") == number
    assert site_name(number) == "test: a place"


def test_number_0_is_no_place_of_the_code():
    assert site_name(0) == "unknown"


def test_there_is_a_last_number(monkeypatch):
    monkeypatch.setattr(callsites, "_names", [f"place {i}" for i in range(callsites.NR_SITES)])
    assert site("place 255") == 255
    with pytest.raises(ValueError, match="more than 256 call sites"):
        site("one too many")

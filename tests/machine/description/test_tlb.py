import pytest
from pydantic import ValidationError

from simslab.machine.description.tlb import TlbArraySpec, TlbSpec


def test_a_tlb_may_have_one_level_and_one_page_size():
    tlb = TlbSpec.model_validate({"l1": {"page_4k": {"entries": 64}}, "walk": "12 cycles"})
    assert tlb.l1.page_2m is None
    assert tlb.l2.page_4k is None
    assert (tlb.references.page_4k, tlb.direct_map) == (1, "1G")


def test_an_array_without_ways_is_fully_associative():
    assert TlbArraySpec.model_validate({"entries": 16}).ways is None


def test_a_walk_has_no_more_loads_than_the_table_has_levels():
    with pytest.raises(ValidationError):
        TlbSpec.model_validate({"l1": {}, "walk": "1 cycle", "references": {"page_1g": 3}})

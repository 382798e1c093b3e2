import pytest

from simslab.machine.library import load_machine
from simslab.machine.timing.tlb import TlbTiming, tlb_timing


@pytest.mark.parametrize(
    ("page", "timing"),
    [
        ("4K", TlbTiming(12, (64, 4), (1536, 12), 9, 12, 1)),
        ("2M", TlbTiming(21, (32, 4), (1536, 12), 9, 12, 1)),
        ("1G", TlbTiming(30, (4, 4), (16, 4), 9, 12, 1)),
    ],
)
def test_pages_of_each_size_have_their_entries(page, timing):
    assert tlb_timing(load_machine("two-socket"), page) == timing


def test_a_size_without_entries_in_the_first_level_has_no_timing():
    tlb = "tlb={direct_map: 4K, l1: {page_4k: {entries: 16}}, walk: 20 ns, references: {page_4k: 2}}"
    spec = load_machine("two-socket", [tlb])
    assert tlb_timing(spec, "2M") is None
    assert tlb_timing(spec, "4K") == TlbTiming(12, (16, 16), None, 7, 52, 2)


def test_a_machine_without_tlbs_translates_for_nothing():
    assert tlb_timing(load_machine("two-socket", ["tlb=null"]), "4K") is None

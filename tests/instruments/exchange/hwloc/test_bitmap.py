import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.instruments.exchange.hwloc.bitmap import format_bitmap, parse_bitmap


def test_words_come_highest_first_and_may_be_left_empty():
    assert parse_bitmap("0x00000001,,0x00000003") == {0, 1, 64}


def test_a_full_bitmap_has_everything_from_its_last_word_up():
    assert {0, 1000} <= parse_bitmap("0xf...f")
    assert not {0, 31} & parse_bitmap("0xf...f,0x0")


@pytest.mark.parametrize("text", ["0xzz", "1-3", "0x123456789", ";"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="is not a bitmap"):
        parse_bitmap(text)


@given(st.sets(st.integers(0, 1023)))
def test_a_set_written_reads_as_itself(members):
    assert parse_bitmap(format_bitmap(members)) == members

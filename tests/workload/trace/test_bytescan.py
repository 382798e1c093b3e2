from hypothesis import given
from hypothesis import strategies as st

from simslab.workload.trace import bytescan

# In the compiled build leaves use the inline functions of `bytescan.pxd`; tests/workload/trace/test_line_scanner.py
# compares what they read with what these plain ones read.
TEXTS = st.binary(max_size=40) | st.text("0123456789abcdef \t\rx", max_size=40).map(str.encode)


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_spans_end_where_their_bytes_end(text, a, b):
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    for span, allowed in (
        (bytescan.digits, b"0123456789"),
        (bytescan.hexdigits, b"0123456789abcdef"),
        (bytescan.blanks, b" \t\r"),
    ):
        after = span(text, start, end)
        assert start <= after <= end
        assert not text[start:after].strip(allowed)
        assert after == end or text[after : after + 1] not in {bytes([byte]) for byte in allowed}


@given(TEXTS)
def test_spans_before_begin_where_their_bytes_begin(text):
    assert text[bytescan.digits_before(text, 0, len(text)) :] == text[len(text.rstrip(b"0123456789")) :]
    assert text[: bytescan.blanks_before(text, 0, len(text))] == text.rstrip(b" \t\r")


@given(st.integers(0, 10**18 - 1), st.integers(-(1 << 63), (1 << 63) - 1))
def test_numbers_are_read_back(number, signed):
    text = b"%d" % number
    assert bytescan.decimal(text, 0, len(text)) == number
    text = b"%x" % (signed & ((1 << 64) - 1))
    assert bytescan.hexadecimal(text, 0, len(text)) == signed


def test_bytes_and_words_are_found_within_their_limits():
    assert bytescan.find(b"a b c", 0x20, 2, 5) == 3
    assert bytescan.find(b"a b c", 0x20, 4, 5) == -1
    assert bytescan.starts(b"kfree: x", b"kfree:", 6, 0, 8)
    assert not bytescan.starts(b"kfree: x", b"kfree:", 6, 0, 5)


@given(TEXTS, TEXTS)
def test_the_same_bytes_have_the_same_fingerprint(one, other):
    fingerprints = [bytescan.fingerprint(b"x" + text, 1, len(text) + 1) for text in (one, other)]
    assert all(0 <= fingerprint < 1 << 62 for fingerprint in fingerprints)
    assert one != other or fingerprints[0] == fingerprints[1]

import pytest

from simslab.kernel.mm import gfp


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("GFP_KERNEL", 0xCC0),
        ("GFP_KERNEL|__GFP_ZERO", 0xDC0),
        ("GFP_ATOMIC", 0xA20),
        ("GFP_NOWAIT|__GFP_NOWARN", 0x2800),
        ("0xcc0", 0xCC0),
        ("(GFP_NOFS)", 0xC40),
        ("none", 0),
        ("GFP_KERNEL|__GFP_SKIP_ZERO", 0xCC0),
    ],
)
def test_flags_printed_by_ftrace_are_read(text: str, bits: int) -> None:
    assert gfp.parse_gfp(text) == bits


def test_what_is_no_flag_is_refused() -> None:
    with pytest.raises(ValueError, match="banana"):
        gfp.parse_gfp("GFP_KERNEL|banana")


@pytest.mark.parametrize("bits", [0, 0xCC0, 0xA20, 0xDC0, 0x2C0CC0, 0x400CC0, 0x100CCA])
def test_printing_and_reading_are_inverse(bits: int) -> None:
    assert gfp.parse_gfp(gfp.format_gfp(bits)) == bits


def test_only_direct_reclaim_may_sleep() -> None:
    assert gfp.gfpflags_allow_blocking(gfp.GFP_KERNEL)
    assert not gfp.gfpflags_allow_blocking(gfp.GFP_ATOMIC)
    assert not gfp.gfpflags_allow_blocking(gfp.GFP_NOWAIT)

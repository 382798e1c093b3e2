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


# From include/linux/gfp.h of 5.10, by hand: bits of the flags and what the composites are made of.
COMPOSITES = {
    "GFP_ATOMIC": 0xA20,
    "GFP_KERNEL": 0xCC0,
    "GFP_KERNEL_ACCOUNT": 0x400CC0,
    "GFP_NOWAIT": 0x800,
    "GFP_NOIO": 0xC00,
    "GFP_NOFS": 0xC40,
    "GFP_USER": 0x100CC0,
    "GFP_DMA": 0x1,
    "GFP_DMA32": 0x4,
    "GFP_HIGHUSER": 0x100CC2,
    "GFP_HIGHUSER_MOVABLE": 0x100CCA,
    "GFP_TRANSHUGE_LIGHT": 0x1C20CA,
    "GFP_TRANSHUGE": 0x1C24CA,
}


@pytest.mark.parametrize("name", COMPOSITES)
def test_composites_have_the_kernels_bits(name: str) -> None:
    assert getattr(gfp, name) == COMPOSITES[name]
    assert gfp.parse_gfp(name) == COMPOSITES[name]


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

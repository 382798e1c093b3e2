import pytest

from simslab.kernel.mm import gfp
from simslab.workload.trace.recorded_gfp import known_flags, recorded_gfp


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("GFP_KERNEL", gfp.GFP_KERNEL),
        ("GFP_KERNEL|__GFP_ZERO", gfp.GFP_KERNEL | gfp.ZERO),
        ("GFP_KERNEL|GFP_ZERO", gfp.GFP_KERNEL | gfp.ZERO),
        ("GFP_NOWARN|GFP_NORETRY|GFP_COMP", gfp.NOWARN | gfp.NORETRY | gfp.COMP),
        ("GFP_REPEAT", gfp.RETRY_MAYFAIL),
        ("__GFP_REPEAT", gfp.RETRY_MAYFAIL),
        ("GFP_TEMPORARY", gfp.GFP_KERNEL | gfp.RECLAIMABLE),
        ("GFP_WAIT|GFP_IO", gfp.RECLAIM | gfp.IO),
        ("GFP_DIRECT_RECLAIM|GFP_KSWAPD_RECLAIM", gfp.RECLAIM),
        ("GFP_NOWAIT", gfp.KSWAPD_RECLAIM),
        ("GFP_NOWAIT|GFP_NO_KSWAPD", 0),
        ("GFP_ATOMIC|GFP_COLD", gfp.GFP_ATOMIC),
        ("GFP_ATOMIC|__GFP_NOTRACK|__GFP_OTHER_NODE", gfp.GFP_ATOMIC),
        ("GFP_KERNEL_ACCOUNT|__GFP_NO_OBJ_EXT|__GFP_SKIP_KASAN", gfp.GFP_KERNEL_ACCOUNT),
        ("GFP_HIGHUSER_MOVABLE|__GFP_ZEROTAGS|__GFP_SKIP_ZERO", gfp.GFP_HIGHUSER_MOVABLE),
        ("GFP_NOFS|__GFP_NOLOCKDEP", gfp.GFP_NOFS),
        ("none", 0),
        ("0xcc0", 0xCC0),
        ("3264", 0xCC0),
        ("0xcc0 (3264)", 0xCC0),
        ("GFP_ATOMIC|0x100", gfp.GFP_ATOMIC | gfp.ZERO),
    ],
)
def test_what_kernels_print_is_read(text, bits):
    assert recorded_gfp(text) == (bits, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GF",
        "FOO",
        "(null)",
        "GFP_KE",
        "GFP_KERNEL|",
        "GFP_KERNEL|0xg",
        "0xffffffffffffffff",
        "99999999999",
        "-1",
        "0x24000c0",
        "0x6000c0 (6291648)",
    ],
)
def test_what_is_no_flags_is_none(text):
    assert recorded_gfp(text) is None


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        ("GFP_KERNEL|__GFP_OF_LATER", gfp.GFP_KERNEL, ("__GFP_OF_LATER",)),
        ("0x2000cc0", 0xCC0, ("0x2000000",)),
        ("GFP_KERNEL|0x1000000", gfp.GFP_KERNEL, ("0x1000000",)),
    ],
)
def test_unknown_flags_are_named(text, known, unknown):
    assert recorded_gfp(text) == (known, unknown)


@pytest.mark.parametrize("flag", sorted(known_flags()))
def test_every_known_name_is_read_alone(flag):
    assert recorded_gfp(flag) is not None

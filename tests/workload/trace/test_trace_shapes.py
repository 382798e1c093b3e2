import pytest

from simslab.workload.trace.trace_events import CACHE_ALLOC, CACHE_FREE, KFREE, KMALLOC
from simslab.workload.trace.trace_shapes import NO_NAME, NO_NODE, NOT_UNDERSTOOD, ShapeTable

SIZES = b" bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL"


def row(kind, text):
    table = ShapeTable()
    number = table.new(kind, text)
    return None if number == NOT_UNDERSTOOD else table.rows[number]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (KMALLOC, SIZES, (100, 128, 1, NO_NODE, NO_NAME)),
        (KMALLOC, SIZES + b" node=3", (100, 128, 1, 3, NO_NAME)),
        (KMALLOC, SIZES + b" accounted=false", (100, 128, 1, NO_NODE, NO_NAME)),
        (CACHE_ALLOC, b" name=filp" + SIZES + b" node=-1 accounted=true", (100, 128, 1, -1, 0)),
        (CACHE_ALLOC, SIZES + b" of_later=17 name=a cache with blanks", (100, 128, 1, NO_NODE, 0)),
        (KMALLOC, b" bytes_req=0x64 (100) bytes_alloc=0x80 (128) gfp_flags=0xcc0 (3264) node=0xffffffff (-1)",
         (100, 128, 1, -1, NO_NAME)),
        (CACHE_FREE, b" name=dentry", (0, 0, 0, NO_NODE, 0)),
        (KFREE, b"", (0, 0, 0, NO_NODE, NO_NAME)),
        (KFREE, b" ffffffff9aa8f1e2 kfree+0x12 ([kernel.kallsyms])", (0, 0, 0, NO_NODE, NO_NAME)),  # perf
        (KMALLOC, SIZES + b"     ffffffff9aa8f1e2 __kmalloc+0x12", (100, 128, 1, NO_NODE, NO_NAME)),
        (KMALLOC, SIZES + b" node=3 [12:0x18:40]", (100, 128, 1, 3, NO_NAME)),  # trace-cmd report --debug
    ],
)  # fmt: skip
def test_every_layout_is_read(kind, text, expected):
    assert row(kind, text) == (kind, *expected)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KMALLOC, b""),
        (KMALLOC, b" bytes_req=100 bytes_alloc=128"),
        (KMALLOC, SIZES + b" node=x"),
        (KMALLOC, SIZES + b" node=9999999999"),
        (KMALLOC, SIZES + b" bytes_req=100"),
        (KMALLOC, b" rubbish" + SIZES),
        (KMALLOC, b" bytes_req=-1 bytes_alloc=128 gfp_flags=GFP_KERNEL"),
        (KMALLOC, b" bytes_req=99999999999999999999 bytes_alloc=128 gfp_flags=GFP_KERNEL"),
        (KMALLOC, b" bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KE"),
        (CACHE_ALLOC, b" bytes_req=0 bytes_alloc=0 gfp_flags=GFP_KERNEL"),
        (CACHE_ALLOC, b" bytes_req=100 bytes_alloc=64 gfp_flags=GFP_KERNEL"),
        (CACHE_ALLOC, b" bytes_req=5000000 bytes_alloc=5000000 gfp_flags=GFP_KERNEL"),
        (CACHE_ALLOC, b" name=" + b"n" * 300 + SIZES),
        (CACHE_ALLOC, b" name=" + SIZES),
        (CACHE_FREE, b" name="),
    ],
)
def test_what_no_kernel_prints_is_not_understood(kind, text):
    assert row(kind, text) is None


def test_texts_are_numbered_in_order_of_appearance():
    table = ShapeTable()
    table.new(CACHE_ALLOC, b" name=b" + SIZES)
    table.new(CACHE_ALLOC, b" name=a" + SIZES.replace(b"KERNEL", b"NOFS"))
    assert (list(table.names), list(table.gfp_texts)) == (["b", "a"], ["", "GFP_KERNEL", "GFP_NOFS"])
    assert table.columns()[:, 1].tolist() == [CACHE_ALLOC, 100, 128, 2, NO_NODE, 1]

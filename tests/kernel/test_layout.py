"""Offsets against `golden/struct_layout.csv`; its measured rows are repeated here so that the test stands alone."""

import pytest

from simslab.kernel import layout

MEASURED = {
    "KMEM_CACHE": {
        "CPU_CACHE": 0, "BATCHCOUNT": 8, "LIMIT": 12, "SHARED": 16, "SIZE": 20, "RECIPROCAL_BUFFER_SIZE": 24,
        "FLAGS": 32, "NUM": 36, "GFPORDER": 40, "ALLOCFLAGS": 44, "COLOUR": 48, "COLOUR_OFF": 56,
        "FREELIST_CACHE": 64, "FREELIST_SIZE": 72, "CTOR": 80, "NAME": 88, "LIST": 96, "REFCOUNT": 112,
        "OBJECT_SIZE": 116, "ALIGN": 120, "USEROFFSET": 124, "USERSIZE": 128, "NODE": 136, "BYTES": 264,
    },
    "NODE": {
        "LIST_LOCK": 0, "SLABS_PARTIAL": 8, "SLABS_FULL": 24, "SLABS_FREE": 40, "TOTAL_SLABS": 56, "FREE_SLABS": 64,
        "FREE_OBJECTS": 72, "FREE_LIMIT": 80, "COLOUR_NEXT": 84, "SHARED": 88, "ALIEN": 96, "NEXT_REAP": 104,
        "FREE_TOUCHED": 112, "BYTES": 120,
    },
    "ARRAY_CACHE": {"AVAIL": 0, "LIMIT": 4, "BATCHCOUNT": 8, "TOUCHED": 12, "ENTRY": 16, "BYTES": 16},
    "ALIEN_CACHE": {"LOCK": 0, "AC": 8, "BYTES": 24},
    "PAGE": {
        "FLAGS": 0, "SLAB_LIST": 8, "SLAB_CACHE": 24, "FREELIST": 32, "S_MEM": 40, "ACTIVE": 48, "REFCOUNT": 52,
        "COMPOUND_HEAD": 8, "RCU_HEAD": 8, "STRIDE": 56,
    },
}  # fmt: skip


@pytest.mark.parametrize("struct", sorted(MEASURED))
def test_offsets_are_those_of_the_real_kernel(struct: str) -> None:
    ours = {name: getattr(layout, f"{struct}_{name}") for name in MEASURED[struct]}
    assert ours == MEASURED[struct]

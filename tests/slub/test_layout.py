"""How the offsets of SLUB's structures go together; `simslab conform` compares each with the kernel's."""

import pytest

from simslab.kernel import layout as kernel_layout
from simslab.slub import layout

NO_FIELDS = {"PAGE_SHIFT", "PAGE_SIZE", "PAGE_STRIDE"}
SAME = [name for name in vars(layout) if name.startswith("PAGE_") and hasattr(kernel_layout, name)]


@pytest.mark.parametrize("name", sorted(set(SAME) - NO_FIELDS))
def test_what_both_allocators_keep_in_struct_page_lies_at_one_place(name):
    assert getattr(layout, name) == getattr(kernel_layout, name)


def test_the_parts_of_counters_fill_its_32_bits():
    parts = (layout.INUSE, layout.OBJECTS_MASK << layout.OBJECTS_SHIFT, layout.FROZEN)
    assert sum(parts) == parts[0] | parts[1] | parts[2] == (1 << 32) - 1


def test_freelist_and_counters_are_exchanged_together():
    assert layout.PAGE_FREELIST % 16 == 0
    assert layout.PAGE_COUNTERS == layout.PAGE_FREELIST + 8
    assert layout.PAGE_STRIDE % 16 == 0
    assert (layout.CPU_FREELIST % layout.CPU_ALIGN, layout.CPU_TID) == (0, 8)

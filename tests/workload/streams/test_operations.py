"""The words' layout and the names under which operations are recorded."""

from simslab.workload.streams import operations as ops


def test_a_kind_is_a_row_with_each_field_in_its_column():
    row = ops.kind(ops.KMALLOC, 2, size=3, gfp=4, node=5, touch=6, think=7, count=8)
    columns = (ops.OPCODE, ops.CACHE, ops.SIZE, ops.GFP, ops.NODE, ops.TOUCH_BYTES, ops.THINK, ops.COUNT)
    assert [row[column] for column in columns] == [ops.KMALLOC, 2, 3, 4, 5, 6, 7, 8]
    assert len(row) == ops.NR_FIELDS == len(set(columns))


def test_a_kind_that_says_nothing_asks_for_no_cache_and_any_node():
    assert ops.kind(ops.KFREE) == (ops.KFREE, -1, 0, 0, -1, 0, 0, 0)


def test_the_largest_word_fits_into_64_bits_with_a_sign():
    assert (ops.MAX_ARGUMENT << ops.KIND_BITS | ops.KIND_MASK).bit_length() == 62


def test_every_recorded_operation_has_a_name():
    numbers = (ops.RECORD_ALLOC, ops.RECORD_FREE, ops.RECORD_BULK_ALLOC, ops.RECORD_BULK_FREE)
    assert [ops.OPERATION_NAMES[number] for number in numbers] == ["alloc", "free", "bulk_alloc", "bulk_free"]

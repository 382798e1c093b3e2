from simslab.workload.streams import operations as ops


def test_a_kind_has_its_columns_in_the_order_of_the_table():
    kind = ops.Kind(ops.BULK_ALLOC, 3, 64, 0xCC0, 1, 8, 100, 16)
    columns = (ops.OPCODE, ops.CACHE, ops.SIZE, ops.GFP, ops.NODE, ops.TOUCH_BYTES, ops.THINK, ops.COUNT)
    assert [kind[column] for column in columns] == [ops.BULK_ALLOC, 3, 64, 0xCC0, 1, 8, 100, 16]
    assert len(kind) == ops.NR_FIELDS


def test_what_is_not_said_means_any_cache_and_any_node():
    assert ops.Kind(ops.KFREE) == (ops.KFREE, -1, 0, 0, -1, 0, 0, 0)

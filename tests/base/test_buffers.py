import numpy as np
import pytest

from simslab.base import buffers


@pytest.mark.parametrize(
    ("make", "bits"),
    [(buffers.int64_zeros, 64), (buffers.int64_sparse, 64), (buffers.int64_words, 64), (buffers.uint8_zeros, 8)],
)
def test_new_storage_is_zero_and_of_its_width(make, bits):
    view = make(1000)
    assert len(view) == 1000
    assert view.itemsize * 8 == bits
    assert not np.asarray(view).any()


def test_a_pointer_may_begin_at_any_word():
    view = buffers.int64_zeros(4)
    view[2] = 7
    assert buffers.int64_pointer_at(view, 2)[0] == buffers.int64_pointer_at(view, 0)[2] == 7


def test_storage_of_nothing_can_still_be_pointed_to():
    assert [len(make(0)) for make in (buffers.int64_zeros, buffers.int64_sparse, buffers.int64_words)] == [1, 1, 1]


@pytest.mark.parametrize("make", [buffers.int64_zeros, buffers.int64_sparse])
@pytest.mark.parametrize("count", [1 << 56, 1 << 62])
def test_storage_that_no_host_has_is_a_lack_of_memory(make, count):
    with pytest.raises((MemoryError, ValueError)):  # ValueError: numpy's, beyond what an array may have
        make(count)


def test_words_given_back_to_the_host_read_zero_again_and_no_others():
    table = buffers.int64_sparse(4096)
    np.asarray(table)[:] = 7
    buffers.forget(table, 1024, 512)
    assert [table[at] for at in (0, 1023, 1024, 1535, 1536, 4095)] == [7, 7, 0, 0, 7, 7]
    table[1024] = 9
    assert table[1024] == 9


def test_a_view_of_an_array_is_no_copy():
    values = np.arange(4, dtype=np.int64)
    view = buffers.int64_of(values)
    values[2] = 99
    assert view[2] == 99


def test_plain_pointers_index_as_the_view():
    view = buffers.int64_zeros(3)
    buffers.int64_pointer(view)[1] = -5
    assert view.tolist() == [0, -5, 0]


@pytest.mark.parametrize("count", [0, 1, 8, 100, 4096, 1 << 20])
def test_new_words_begin_with_a_line_of_the_host(count):
    assert np.asarray(buffers.int64_zeros(count)).ctypes.data % (buffers.LINE_WORDS * buffers.WORD_BYTES) == 0

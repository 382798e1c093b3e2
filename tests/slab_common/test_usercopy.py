import pytest

from simslab.allocator.cache import Cache
from simslab.slab_common.usercopy import usercopy_fault, usercopy_window_is_valid


@pytest.mark.parametrize(
    ("offset", "length", "valid"),
    [(0, 0, True), (0, 64, True), (32, 32, True), (8, 0, False), (33, 32, False), (0, 65, False)],
)
def test_a_window_must_lie_in_the_object(offset, length, valid):
    assert usercopy_window_is_valid(64, offset, length) is valid


@pytest.mark.parametrize(
    ("offset", "length", "told"),
    [(16, 8, ""), (20, 4, ""), (15, 4, "(offset 15, size 4)"), (20, 5, "(offset 20, size 5)")],
)
def test_a_copy_must_lie_in_the_window(offset, length, told):
    files = Cache(1, 0, "files")
    files.useroffset, files.usersize = 16, 8
    assert usercopy_fault("SLAB", files, offset, length) == (told and f"SLAB object 'files' {told}")

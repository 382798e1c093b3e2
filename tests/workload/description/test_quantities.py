import pytest
from pydantic import TypeAdapter, ValidationError

from simslab.base.errors import BadValue
from simslab.workload.description.quantities import (
    LARGEST_KMALLOC,
    Distribution,
    GfpText,
    Name,
    Objects,
    SlabFlags,
    ThinkTime,
    Time,
    check_sizes,
)


def of(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refused(kind, value):
    with pytest.raises(ValidationError) as caught:
        of(kind, value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("how", "lowest", "highest"),
    [
        (7, 7, 7),
        ({"uniform": [3, 9]}, 3, 9),
        ({"choice": {8: 1, 2: 1}}, 2, 8),
        ({"exponential": 5}, 0, None),
        ({"pareto": [4, 2]}, 4, None),
        (0, 0, 0),
    ],
)
def test_a_distribution_knows_its_ends(how, lowest, highest):
    distribution = of(Distribution, how)
    assert (distribution.lowest, distribution.highest) == (lowest, highest)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "no distribution is given"),
        ({"fixed": 1, "exponential": 2}, "both 'fixed' and 'exponential' are given"),
        ({"uniform": [5, 4]}, "the lowest value is above the highest"),
        ({"choice": {1: 0, 2: 0}}, "the weights sum to 0"),
        ({"choice": {1: float("inf")}}, "the weights sum to no finite number"),
        ({"choice": {-1: 1}}, "the value -1 cannot be drawn"),
        (True, "valid dictionary"),
    ],
)
def test_an_impossible_distribution_is_refused(how, said):
    assert said in refused(Distribution, how)


@pytest.mark.parametrize("sizes", [1, LARGEST_KMALLOC, {"uniform": [1, LARGEST_KMALLOC]}])
def test_kmalloc_serves_from_1_byte_to_4_mib(sizes):
    check_sizes(of(Distribution, sizes))


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (0, "sizes from 0 to 0"),
        (LARGEST_KMALLOC + 1, f"sizes from {LARGEST_KMALLOC + 1}"),
        ({"choice": {0: 1, 8: 1}}, "sizes from 0 to 8"),
        ({"exponential": 8}, "sizes need a bound"),
    ],
)
def test_other_sizes_are_refused(sizes, said):
    with pytest.raises(BadValue, match=said):
        check_sizes(of(Distribution, sizes))


def test_objects_are_of_a_cache_or_of_kmalloc():
    assert of(Objects, {"cache": "c"}).kmalloc is None
    assert "both 'cache' and 'kmalloc'" in refused(Objects, {"cache": "c", "kmalloc": 8})
    assert "neither 'cache' nor 'kmalloc'" in refused(Objects, {})


def test_a_time_is_at_most_10_s():
    assert of(Time, "10 s").nanoseconds(1) == 10**10
    assert "is too long" in refused(Time, "10.1 s")


def test_a_bare_think_time_is_always_the_same():
    assert of(ThinkTime, "3 us").fixed.nanoseconds(1) == 3000
    assert of(ThinkTime, {"exponential": "3 us"}).fixed is None


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "no think time is given"),
        ({"fixed": "1 us", "exponential": "1 us"}, "both 'fixed' and 'exponential'"),
        ({"uniform": ["2 us", "1 us"]}, "the shortest think time is above the longest"),
    ],
)
def test_an_impossible_think_time_is_refused(how, said):
    assert said in refused(ThinkTime, how)


def test_allocation_flags_are_checked_one_by_one():
    assert of(GfpText, "GFP_ATOMIC | __GFP_ZERO") == "GFP_ATOMIC | __GFP_ZERO"
    assert "unknown allocation flag 'GFP_KERNAL'" in refused(GfpText, "__GFP_ZERO|GFP_KERNAL")


def test_cache_flags_may_leave_out_their_prefix():
    assert of(SlabFlags, ["SLAB_HWCACHE_ALIGN", "hwcache_align"])
    assert "unknown cache flag 'OBJFREELIST'" in refused(SlabFlags, ["OBJFREELIST"])


@pytest.mark.parametrize("name", ["größe", "a b", "", "x" * 41, "a/b", "a\n"])
def test_a_name_that_files_and_tables_could_not_show_is_refused_in_words(name):
    with pytest.raises(ValidationError) as caught:
        of(Name, name)
    (fault,) = caught.value.errors()
    assert fault["ctx"]["error"].message == f"{name!r:.60} is no usable name"
    assert fault["ctx"]["error"].expected == "1 to 40 letters from A to z, digits, '_', '.' and '-'"
    assert of(Name, "web-1.x_Y") == "web-1.x_Y"

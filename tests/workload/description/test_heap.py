import pytest
from small_runs import CHURN, group, workload

from simslab.workload.description.heap import HeapAge


def test_one_word_is_the_age():
    assert workload(group(CHURN), heap="fragmented").heap == HeapAge(age="fragmented")


def test_a_heap_is_fresh_unless_said_and_half_full_of_32_slabs_where_nothing_else_is_said():
    assert workload(group(CHURN)).heap.age == "fresh"
    aged = HeapAge(age="aged")
    assert (aged.kept, aged.filled) == (0.5, 32)
    assert (HeapAge(age="aged", occupancy=0.2, slabs=3).kept, HeapAge(age="aged", slabs=3).filled) == (0.2, 3)


@pytest.mark.parametrize(
    ("heap", "told"),
    [
        ("ancient", "fresh"),
        ({"occupancy": 0.5}, "a fresh heap has no 'occupancy'"),
        ({"age": "fresh", "slabs": 3}, "a fresh heap has no 'slabs'"),
        ({"age": "aged", "occupancy": 0}, "greater than 0"),
        ({"age": "aged", "occupancy": 1.1}, "less than or equal to 1"),
        ({"age": "aged", "slabs": 0}, "greater than or equal to 1"),
    ],
)
def test_what_no_heap_can_be_is_refused(heap, told):
    with pytest.raises(ValueError, match=told):
        workload(group(CHURN), heap=heap)


def test_an_aged_heap_draws_from_the_seed_whatever_is_replayed():
    trace = {"name": "t", "trace": {"file": "a.txt"}}
    assert workload(trace=trace["trace"]).draws_from_seed is False
    assert workload(trace=trace["trace"], heap="aged").draws_from_seed is True

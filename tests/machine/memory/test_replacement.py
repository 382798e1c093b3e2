from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.replacement import LeastRecentlyUsed, Replacement
from simslab.machine.memory.states import SHARED, STATE_BITS

WAYS = 4


@given(st.lists(st.tuples(st.sampled_from(["use", "insert", "remove"]), st.integers(1, 7)), max_size=60))
def test_the_least_recently_used_line_goes(program):
    array = CacheArray(1, 1, WAYS, LeastRecentlyUsed())
    ages = {}  # line: when it was last used
    for time, (action, line) in enumerate(program):
        if action == "remove":
            array.remove(0, line)
            ages.pop(line, None)
        elif line in ages:
            array.use(0, array.find(0, line))
            ages[line] = time
        elif action == "insert":
            oldest = min(ages, key=ages.get) if len(ages) == WAYS else 0
            assert array.insert(0, line, SHARED) >> STATE_BITS == oldest
            ages.pop(oldest, None)
            ages[line] = time
        assert {word >> STATE_BITS for word in array.owner if word} == set(ages)


def test_a_use_makes_a_line_the_first_of_its_set():
    array = CacheArray(1, 1, WAYS)
    for line in (1, 2, 3):
        array.insert(0, line, SHARED)
    assert array.use(0, array.find(0, 1)) == 0
    assert array.find(0, 1) == 0


def test_an_array_keeps_the_policy_that_it_is_given():
    policy = Replacement()
    assert CacheArray(1, 1, WAYS, policy).replacement is policy
    assert isinstance(CacheArray(1, 1, WAYS).replacement, LeastRecentlyUsed)

import pickle
import sys
from types import SimpleNamespace

import pytest

from simslab.base.errors import BadValue, BadValues, Problem, SimslabError, Swallowed, UserError, UserErrors, near_miss


def test_a_problem_is_one_line_with_place_path_expectation_and_near_miss():
    problem = Problem("unknown\nkey", "m.yaml", 3, 5, "nodes[0]", "one of a, b", "a")
    assert str(problem) == "m.yaml:3:5: nodes[0]: unknown key; expected one of a, b; did you mean 'a'?"


def test_a_problem_without_a_file_still_tells_the_line():
    assert str(Problem("bad", line=2, column=1)) == "line 2, column 1: bad"


def test_a_user_error_is_its_problem():
    error = UserError("no such machine", near="two-socket")
    assert isinstance(error, SimslabError)
    assert str(error) == "no such machine; did you mean 'two-socket'?"
    assert error.problems[0].near == "two-socket"


def test_several_errors_come_in_the_order_of_their_lines():
    error = UserErrors([Problem("second", "f", 9, 1), Problem("first", "f", 2, 4)])
    assert str(error).splitlines() == ["f:2:4: first", "f:9:1: second"]
    assert isinstance(error, UserError)


@pytest.mark.parametrize(
    "error",
    [
        UserError("bad", file="m.yaml", line=2, expected="good", near="god"),
        UserErrors([Problem("worse", "m.yaml", 3), Problem("bad", "m.yaml", 2)]),
    ],
)
def test_mistakes_come_out_of_another_process_as_they_were(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.problems) == (type(error), str(error), error.problems)


def test_a_validator_can_raise_several_faults():
    faults = [BadValue("a", at=("x", 1)), BadValue("b")]
    assert BadValues(faults).faults == tuple(faults)
    assert faults[0].faults == (faults[0],)


def test_near_misses_ignore_case_and_far_words():
    assert near_miss("KIB", ["B", "KiB"]) == "KiB"
    assert near_miss("zebra", ["B", "KiB"]) == ""


def test_of_very_many_errors_the_rest_is_counted():
    lines = str(UserErrors([Problem("bad", "f", line) for line in range(1, 101)])).splitlines()
    assert len(lines) == 31
    assert lines[-1] == "... and 70 more"


def swallow(error, where="simslab.machine.memory.queueing.server.ServerArray.serve"):
    """What Cython does with an exception that a function cannot pass on."""
    sys.excepthook(type(error), error, None)
    sys.unraisablehook(SimpleNamespace(exc_type=type(error), exc_value=error, object=where))


@pytest.fixture
def hooked(monkeypatch):
    """What went to the hooks that were there before."""
    found = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, at: found.append(error))
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: found.append(unraisable.exc_value))
    return found


def test_what_was_swallowed_is_raised_at_the_end_and_not_printed(hooked):
    error = MemoryError()
    with pytest.raises(MemoryError) as raised, Swallowed():
        swallow(error)
    assert raised.value is error
    assert hooked == []


def test_the_first_is_raised_and_told_at_once_and_comes_before_what_it_caused():
    told = []

    def fail():
        swallow(KeyboardInterrupt())
        told.append("the rest")
        swallow(MemoryError())
        raise ValueError

    with pytest.raises(KeyboardInterrupt), Swallowed(lambda: told.append("failed")):
        fail()
    assert told == ["failed", "the rest"]


def test_an_exception_of_which_only_the_kind_is_known_is_raised():
    with pytest.raises(MemoryError), Swallowed():
        sys.unraisablehook(SimpleNamespace(exc_type=MemoryError, exc_value=None, object="simslab.a"))


def test_those_of_others_go_where_they_went_before(hooked):
    with Swallowed():
        sys.unraisablehook(SimpleNamespace(exc_type=OSError, exc_value=(other := OSError()), object=print))
    assert hooked == [other]


def test_afterwards_the_hooks_are_those_from_before(hooked):
    before = (sys.unraisablehook, sys.excepthook)
    with Swallowed(), Swallowed():
        pass
    assert (sys.unraisablehook, sys.excepthook) == before

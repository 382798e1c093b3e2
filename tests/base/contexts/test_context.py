import ctypes
import platform
import sys
import sysconfig

import pytest

from simslab.base.build import running_build
from simslab.base.contexts.context import Context
from simslab.base.engine import Clocked, Engine


def has_stacks():
    """Whether this build is one with stacks."""
    if hasattr(ctypes.CDLL(None), "__asan_init"):  # tools/sanitize: the sanitizer would have to be told of each switch
        return False
    where = (sys.platform, platform.machine(), platform.python_implementation())
    known = sys.version_info < (3, 14) and not sysconfig.get_config_var("Py_GIL_DISABLED")
    return running_build().kind == "compiled" and where == ("linux", "x86_64", "CPython") and known


@pytest.fixture(params=[1, 0], ids=["stacks", "greenlets"])
def engine(request):
    """One whose contexts have stacks where there are some, and one whose contexts have none."""
    made = Engine(quantum=0)
    made.own_stacks = request.param
    return made


def spawn(engine, ident, steps):
    """Run a generator's steps, each at the time that it gives, with a settle before the next."""
    clocked = Clocked(ident)

    def run():
        for time in steps(clocked):
            clocked.now = time
            engine.settle(clocked)

    engine.spawn(clocked, run)
    return clocked


def test_a_context_has_a_stack_of_its_own_where_they_were_built():
    assert bool(Context(lambda: None).stack) == has_stacks()
    assert Context(lambda: None, 0).greenlet


def test_a_context_is_dead_when_its_function_has_ended(engine):
    alive = []

    def watch(_):
        alive.append(not first.context.dead)
        yield 5
        alive.append(not first.context.dead)

    first = spawn(engine, 0, lambda _: iter([2]))
    spawn(engine, 1, watch)
    engine.run()
    assert alive == [True, False]


def test_an_exception_that_one_context_handles_is_none_of_another(engine):
    seen, handling, looking = [], Clocked(0), Clocked(1)

    def handle():
        try:
            raise KeyError
        except KeyError:
            handling.now = 10
            engine.settle(handling)
            seen.append(sys.exc_info()[0])

    engine.spawn(handling, handle)
    engine.spawn(looking, lambda: seen.append(sys.exc_info()[0]))
    engine.run()
    assert seen == [None, KeyError]


def test_contexts_that_are_cut_off_clean_up(engine):
    cleaned = []

    def wait(clocked):
        try:
            yield 1
            engine.park(clocked)
        finally:
            cleaned.append(clocked.ident)

    def fail(_):
        yield 3
        raise ValueError("broken")

    for ident in (0, 1):
        spawn(engine, ident, wait)
    spawn(engine, 2, fail)
    with pytest.raises(ValueError, match="broken"):
        engine.run()
    assert cleaned == [0, 1]


def test_every_context_has_its_own_depth_of_recursion(engine):
    ends = []

    def deeper(clocked, left):
        if left:
            deeper(clocked, left - 1)
        else:
            clocked.now += 1
            engine.settle(clocked)
            ends.append(clocked.ident)

    limit = sys.getrecursionlimit()
    for ident in range(3):
        clocked = Clocked(ident)
        engine.spawn(clocked, lambda clocked=clocked: deeper(clocked, limit // 2))
    engine.run()
    assert ends == [0, 1, 2]


@pytest.mark.parametrize("call", [lambda function: function(), lambda function: sorted([0], key=function)])
def test_recursion_without_end_is_an_error(engine, call):
    """Sorting takes 3 KB of the host's stack a level."""

    def deeper(_=None):
        return call(deeper)

    engine.spawn(Clocked(0), deeper)
    with pytest.raises(RecursionError):
        engine.run()


def test_nesting_in_c_without_end_is_an_error(engine):
    """Each level is the interpreter's own C, with no frame of Python's between."""
    nested = []
    for _ in range(200_000):
        nested = [nested]
    engine.spawn(Clocked(0), lambda: repr(nested))
    with pytest.raises(RecursionError):
        engine.run()


def test_an_engine_runs_inside_a_context_of_another(engine):
    order = []

    def outer(clocked):
        yield 1
        inside = Engine(quantum=0)
        for ident in (0, 1):
            spawn(inside, ident, lambda own: (order.append(("inside", own.ident)) or time for time in (1, 2)))
        inside.run()
        yield 2
        order.append(("outside", clocked.ident))

    for ident in (0, 1):
        spawn(engine, ident, outer)
    engine.run()
    inside = [("inside", 0), ("inside", 1)]
    assert order == [*inside, *inside, *inside, *inside, ("outside", 0), ("outside", 1)]


def test_a_thousand_contexts_take_turns(engine):
    count = [0]

    def work(_):
        for time in (1, 2, 3):
            yield time
            count[0] += 1

    for ident in range(1000):
        spawn(engine, ident, work)
    engine.run()
    assert (count[0], engine.switches >= 3000) == (3000, True)


def test_contexts_that_never_ran_are_given_back():
    for _ in range(100):
        Engine().spawn(Clocked(0), lambda: None)

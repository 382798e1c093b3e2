"""Simulated time: SimPy's event queue merged with the wake-ups of the simulated CPUs.

Everything that is not CPU code (device arrivals, tests' stimuli) is a SimPy event or coroutine on `Engine.env`. Code of
a simulated CPU runs on a stack of its own (`contexts`) and is ordinary, compiled function calls: it *charges* cycles
to its clock and *settles* where other CPUs may matter. Settling means: continue only when no CPU and no event is
earlier.

Why stacks beside SimPy processes: a SimPy event with a coroutine costs 2.0-2.5 us of host time and every function
between the process and the wait must be a coroutine, which cannot be compiled to advantage; a switch from compiled code
costs 0.04 us (a greenlet's 0.33) and a settle that finds nobody earlier a few nanoseconds. Order is the same as
one queue would give: by time, SimPy events before CPUs, CPUs by number (`benchmarks/settle.py`).

The only module that imports simpy.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial, partialmethod
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from greenlet import GreenletExit, getcurrent

from simslab.base import buffers, clock
from simslab.base.contexts import stacks
from simslab.base.contexts.context import Context
from simslab.base.errors import Swallowed

if TYPE_CHECKING:
    import simpy


def _event_await(event: simpy.Event) -> Generator[simpy.Event, Any, Any]:
    """Let a coroutine `await` a SimPy event: yield it to the process that drives the coroutine."""
    value = yield event
    return value


def _environment() -> simpy.Environment:
    """Return a queue of events. Speed: loading SimPy takes 0.01 s, many runs have no event (benchmarks/start.py)."""
    import simpy

    # A compiled function does not become a method by itself.
    simpy.Event.__await__ = partialmethod(_event_await)  # type: ignore[attr-defined]
    return simpy.Environment()


class Deadlock(Exception):
    """Nothing can run any more, yet some clocked contexts are still parked; `parked` lists their idents."""

    def __init__(self, parked: list[int]) -> None:
        super().__init__(f"nothing can run; parked: {parked}")
        self.parked = parked


class SwallowedError(Exception):
    """An exception was swallowed: raised where contexts settle, so that the run ends; `Engine.run` raises that one."""


class Clocked:
    """A thread of simulated execution with a clock of its own, in cycles, at or ahead of the engine's time.

    When `now` reaches `horizon` its owner must settle. `ident` breaks ties: the lower runs first.
    """

    def __init__(self, ident: int) -> None:
        self.now = 0
        self.horizon = 0
        self.ident = ident
        self.parked = 0  # 1: until somebody wakes it (`park`); 2: until it is granted what it queues for (`queue`)
        self.context: Any = None
        self.at_end: Callable[[], object] | None = None  # called when the function given to `spawn` has returned


class Engine:
    """The one scheduler of a simulation; `quantum` is how many cycles a context may run ahead unsettled."""

    def __init__(self, quantum: int = 10_000) -> None:
        self.environment: Any = None  # SimPy's, once somebody schedules there
        self.quantum = quantum
        self.running = 0
        self.next_event = clock.NEVER
        self.settles = 0
        self.switches = 0
        self.clocked: list[Any] = [None] * 64
        self.resume: list[Any] = [None] * 64  # by ident: switch to that context's greenlet
        self.stack_owner = buffers.int64_zeros(clock.KEY_SPACE)
        self.stack_of = buffers.int64_pointer(self.stack_owner)  # by ident: its context's stack
        self.spawned: list[Any] = []
        self.heap_size = 0
        self.heap_owner = buffers.int64_zeros(clock.KEY_SPACE + 1)
        self.heap = buffers.int64_pointer(self.heap_owner)
        self.hub: Any = None  # the greenlet that runs the engine
        self.own_stacks = 1  # 0: contexts are greenlets, whatever was built
        self.hub_stack = 0  # the hub's stack, where contexts have stacks
        self.on_stack = 0  # the stack that runs
        self.ending = 0  # contexts that are gone back to are to end
        self.observer: Callable[[Clocked], object] | None = None  # told of every point at which others may run
        self.backgrounds: list[tuple[int, int, Callable[[], object]]] = []
        self.background_order = 0
        self.failed = 0  # an exception was swallowed

    # -- contexts -------------------------------------------------------------------------------------------------

    def spawn(self, clocked: Clocked, function: Callable[[], object]) -> None:
        """Run `function` as the code of `clocked` from its present time on, once the engine runs."""
        while len(self.clocked) <= clocked.ident:
            self.resume.extend([None] * len(self.clocked))
            self.clocked.extend([None] * len(self.clocked))
        context = clocked.context = Context(partial(_run_to_end, clocked, function), self.own_stacks)
        if self.running:
            self._ends_at_hub(context)  # not at the context that spawned it
        clocked.parked = 0
        self.clocked[clocked.ident] = clocked
        self.stack_of[clocked.ident] = context.stack
        self.resume[clocked.ident] = None if context.stack else context.greenlet.switch
        self.spawned.append(clocked)
        self.push(clocked.now * clock.KEY_SPACE + clocked.ident)

    def settle(self, clocked: Clocked) -> int:
        """Return once nothing else in the simulation is earlier than `clocked`; other contexts run meanwhile.

        A no-op while the engine does not run (straight-line use in tests and conformance replay).
        """
        if not self.running:
            return 0
        self.settles += 1
        if self.failed:
            raise SwallowedError
        if self.observer is not None:
            self.observer(clocked)
        key = clocked.now * clock.KEY_SPACE + clocked.ident
        if clocked.now >= self.next_event or (self.heap_size > 0 and self.heap[0] < key):
            self.push(key)
            self.switch_to_next()
        clocked.horizon = clocked.now + self.quantum
        return 0

    def park(self, clocked: Clocked) -> int:
        """Suspend `clocked` until somebody wakes it; in serial mode nobody could, which is an error."""
        if not self.running:
            raise Deadlock([clocked.ident])
        clocked.parked = 1
        if self.observer is not None:
            self.observer(clocked)
        self.switch_to_next()
        clocked.horizon = clocked.now + self.quantum
        return 0

    def queue(self, clocked: Clocked) -> int:
        """Like `park`, but only `grant` ends it: what waits in a lock's queue must not go on for any other reason."""
        if not self.running:
            raise Deadlock([clocked.ident])
        clocked.parked = 2  # which `wake` passes over
        if self.observer is not None:
            self.observer(clocked)
        self.switch_to_next()
        clocked.horizon = clocked.now + self.quantum
        return 0

    def wake(self, clocked: Clocked, time: int) -> int:
        """Make a parked context ready at `time` (or at its own clock, if that is later); no effect on a queued one."""
        return self.grant(clocked, time) if clocked.parked == 1 else 0

    def grant(self, clocked: Clocked, time: int) -> int:
        """Make a parked or queued context ready at `time` (or at its own clock, if that is later)."""
        if clocked.parked:
            clocked.parked = 0
            clocked.now = max(clocked.now, time)
            self.push(clocked.now * clock.KEY_SPACE + clocked.ident)
        return 0

    def switch_to_next(self) -> int:
        """Leave the current context for whatever is earliest."""
        self.switches += 1
        if self.heap_size > 0 and self.heap[0] // clock.KEY_SPACE < self.next_event:
            return self.switch_to(self.pop() % clock.KEY_SPACE)
        if self.on_stack:
            return self.switch_stack(self.hub_stack)
        self.hub.switch()
        return 0

    def switch_to(self, ident: int) -> int:
        """Leave the current context, or the hub, for that of `ident`."""
        if self.stack_of[ident]:
            return self.switch_stack(self.stack_of[ident])
        self.resume[ident]()
        return 0

    def switch_stack(self, stack: int) -> int:
        """Leave the stack that runs for another; returns when it is gone back to."""
        left = self.on_stack
        self.on_stack = stack
        stacks.switch(left, stack)
        self.on_stack = left
        if self.ending:
            raise GreenletExit
        return 0

    # -- events ---------------------------------------------------------------------------------------------------

    @property
    def env(self) -> simpy.Environment:
        """SimPy's environment."""
        if self.environment is None:
            self.environment = _environment()
        made: simpy.Environment = self.environment
        return made

    def peek(self) -> int:
        """Return the time of SimPy's next event, `clock.NEVER` if there is none."""
        return clock.NEVER if self.environment is None else int(min(self.environment.peek(), clock.NEVER))

    def at(self, time: int, callback: Callable[[], object]) -> None:
        """Call `callback` at `time` (cycles, not earlier than the engine's time) from SimPy's queue."""
        event = self.env.timeout(max(0, time - int(self.env.now)))
        event.callbacks.append(_Call(callback))
        self.refresh()

    def background(self, time: int, callback: Callable[[], object]) -> None:
        """Call `callback` at `time` if anything else is still going on then: for duties that let nobody else go on.

        These alone do not keep a simulation running: when nothing else is left, whoever is parked waits in vain.
        """
        self.background_order += 1
        heappush(self.backgrounds, (time, self.background_order, callback))
        if time < self.next_event:
            self.next_event = time

    def timeout(self, cycles: int) -> simpy.Event:
        """Return an event that fires after `cycles`; `await` it in a coroutine given to `process`."""
        return self.env.timeout(cycles)

    def process(self, coroutine: Coroutine[Any, Any, Any]) -> simpy.Process:
        """Run a coroutine that awaits SimPy events as a SimPy process."""
        process = self.env.process(coroutine)  # type: ignore[arg-type]
        self.refresh()
        return process

    def refresh(self) -> None:
        """Re-read the time of SimPy's next event; needed after scheduling on `env` directly."""
        self.next_event = self.peek()
        if self.backgrounds and self.backgrounds[0][0] < self.next_event:
            self.next_event = self.backgrounds[0][0]

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, until: int = clock.NEVER) -> None:
        """Run until every context has ended and no event is left (Deadlock if some stay parked), or until `until`.

        An exception that compiled code could not pass on ends it and is raised.
        """
        self.hub = getcurrent()
        self.hub_stack = self.on_stack = stacks.here() if self.own_stacks else 0
        for clocked in self.spawned:
            self._ends_at_hub(clocked.context)
        self.running = 1
        self.failed = 0
        self.refresh()
        try:
            with Swallowed(self._fail):
                self._run(until)
        finally:
            stacks.free(self.hub_stack)
            self.hub_stack = self.on_stack = 0

    def _ends_at_hub(self, context: Context) -> None:
        """Let the hub go on when the context has ended."""
        if context.stack:
            stacks.ends_at(context.stack, self.hub_stack)
        else:
            context.greenlet.parent = self.hub

    def _fail(self) -> None:
        """Have the next settle end the run."""
        self.failed = 1

    def _run(self, until: int) -> None:
        try:
            self._loop(until)
            waiting = [clocked.ident for clocked in self.spawned if clocked.parked]
            if waiting and until >= clock.NEVER:
                raise Deadlock(waiting)
        finally:
            self.running = 0
            if until >= clock.NEVER:
                self._end_contexts()

    def _loop(self, until: int) -> None:
        while True:
            ready = self.heap[0] // clock.KEY_SPACE if self.heap_size else clock.NEVER
            if min(ready, self.next_event) >= until:
                return
            if self.next_event <= ready:
                if not self.heap_size and self.peek() >= clock.NEVER:
                    return  # only background duties are left
                self._next()
            else:
                self.switch_to(self.pop() % clock.KEY_SPACE)

    def _next(self) -> None:
        """Process the earliest event or background duty."""
        if self.backgrounds and self.backgrounds[0][0] <= self.peek():
            heappop(self.backgrounds)[2]()
        else:
            self.env.step()
        self.refresh()

    def _end_contexts(self) -> None:
        self.ending = 1
        try:
            for clocked in self.spawned:
                self._end_context(clocked.context)
                clocked.context = None
                self.resume[clocked.ident] = None
                self.stack_of[clocked.ident] = 0
        finally:
            self.ending = 0
        self.spawned = []
        self.backgrounds = []
        self.heap_size = 0

    def _end_context(self, context: Context | None) -> None:
        if context is None or context.dead:
            return
        if context.stack:
            stacks.unwind(context.stack)
        else:
            context.greenlet.throw(GreenletExit)

    # -- binary heap of keys ---------------------------------------------------------------------------------------

    def push(self, key: int) -> int:
        """Add a key to the heap."""
        i = self.heap_size
        self.heap_size = i + 1
        while i > 0:
            parent = (i - 1) >> 1
            if self.heap[parent] <= key:
                break
            self.heap[i] = self.heap[parent]
            i = parent
        self.heap[i] = key
        return 0

    def pop(self) -> int:
        """Remove and return the smallest key."""
        top = self.heap[0]
        self.heap_size -= 1
        size = self.heap_size
        key = self.heap[size]
        i = 0
        while True:
            child = 2 * i + 1
            if child >= size:
                break
            if child + 1 < size and self.heap[child + 1] < self.heap[child]:
                child += 1
            if self.heap[child] >= key:
                break
            self.heap[i] = self.heap[child]
            i = child
        self.heap[i] = key
        return top


def _run_to_end(clocked: Clocked, function: Callable[[], object]) -> None:
    """Body of a context."""
    try:
        function()
    except GreenletExit:
        return
    if clocked.at_end is not None:
        clocked.at_end()


class _Call:
    """Adapter: a callback without arguments as a SimPy event callback."""

    def __init__(self, function: Callable[[], object]) -> None:
        self.function = function

    def __call__(self, _event: simpy.Event) -> None:
        self.function()

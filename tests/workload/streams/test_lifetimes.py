"""Objects that die by a distribution, on their own thread or on another one."""

import numpy as np
import pytest
from stream_programs import EMPTIES, FILLS, check_order, group, operations_of, program, run_serially

from simslab.workload.streams.lifetimes import Source


def test_a_share_of_the_objects_is_freed_by_others_on_other_nodes():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 2000, "lifetime": {"exponential": 50}}
    made = program(group(step | {"remote": 0.2, "remote_to": "other_node"}, cpus="spread 4"))
    born = [{slot for op, slot in operations_of(made, t) if op in FILLS} for t in range(4)]
    nodes = [made.threads[t].cpu // 4 for t in range(4)]
    away = 0
    for t in range(4):
        for op, slot in operations_of(made, t):
            owner = next(i for i in range(4) if slot in born[i])
            if op in EMPTIES and owner != t:
                assert nodes[owner] != nodes[t]
                away += 1
    assert away / 8000 == pytest.approx(0.2, abs=0.02)
    assert run_serially(made) == set()


def test_the_next_thread_frees_where_that_is_asked_for():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 50, "lifetime": 3, "remote": 1.0, "remote_to": "next"}
    made = program(group(step, cpus="first 3"))
    for thread in range(3):
        born = {slot for opcode, slot in operations_of(made, thread) if opcode in FILLS}
        gone = {slot for opcode, slot in operations_of(made, (thread + 1) % 3) if opcode in EMPTIES}
        assert born == gone


def test_an_object_lives_for_so_many_allocations():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 40, "lifetime": 5}
    pairs = operations_of(program(group(step, cpus="first 1")), 0)
    check_order(pairs)
    born = [slot for opcode, slot in pairs if opcode in FILLS]
    for at, (opcode, slot) in enumerate(pairs):
        if opcode in EMPTIES:
            since = [other for kind, other in pairs[:at] if kind in FILLS][born.index(slot) + 1 :]
            assert len(since) == min(5, len(born) - born.index(slot) - 1)


def test_alone_a_thread_frees_its_own_whatever_the_share():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 30, "lifetime": 2, "remote": 1.0}
    check_order(operations_of(program(group(step, cpus="first 1")), 0))


def test_where_no_other_node_has_a_thread_any_other_frees():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 30, "lifetime": 2, "remote": 1.0}
    made = program(group(step | {"remote_to": "other_node"}, cpus="first 2"))
    born = [{slot for opcode, slot in operations_of(made, t) if opcode in FILLS} for t in (0, 1)]
    gone = [{slot for opcode, slot in operations_of(made, t) if opcode in EMPTIES} for t in (0, 1)]
    assert (gone[0], gone[1]) == (born[1], born[0])


def test_turns_are_merged_with_the_allocation_first():
    """A lifetime of 0 frees an object right after its allocation."""
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 4, "lifetime": 0}
    pairs = operations_of(program(group(step, cpus="first 1")), 0)
    assert [opcode in FILLS for opcode, _ in pairs] == [True, False] * 4
    assert np.all(np.diff([slot for _, slot in pairs[::2]]) == 1)


@pytest.mark.parametrize("remote", [0.0, 0.5])
def test_each_thread_s_objects_are_made_once_for_all_who_free_some(remote, monkeypatch):
    """However many threads read, and although each reads at its own time."""
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 10, "lifetime": 2, "remote": remote}
    made = program(group(step, cpus="first 3"))
    begun = []
    monkeypatch.setattr(
        Source, "windows", lambda source, *size, own=Source.windows: begun.append(1) or own(source, *size)
    )
    for thread in made.threads:
        assert len(thread.words) > 10
    assert len(begun) == 3


@pytest.mark.parametrize(("remote", "read"), [(0.0, 1), (0.5, 3)])
def test_what_nobody_else_frees_is_made_for_its_own_thread_alone(remote, read, monkeypatch):
    """A thread that is far ahead of others has nothing of theirs kept in memory."""
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 10, "lifetime": 2, "remote": remote}
    made = program(group(step, cpus="first 3"))
    begun = []
    monkeypatch.setattr(
        Source, "windows", lambda source, *size, own=Source.windows: begun.append(1) or own(source, *size)
    )
    assert len(made.threads[0].words) > 10
    assert len(begun) == read

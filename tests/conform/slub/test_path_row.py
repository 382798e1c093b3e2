"""What a recorded path tells of the nodes that its slabs were of."""

import pytest

from simslab.conform.slub.path_row import STATE, PathRow, alternate, plan

BEFORE = dict.fromkeys(STATE, 0) | {"page_node": 0, "node_slabs": 9, "remote_slabs": 9}


def row(path, before=(), after=(), **more):
    return PathRow("b192", path, BEFORE | dict(before), BEFORE | dict(after), **more)


@pytest.mark.parametrize(
    ("path", "call", "kind"),
    [
        ("alloc_fast", "alloc_", "fast"),
        ("alloc_node_fast", "alloc_node_", "fast"),
        ("alloc_node_partial_3", "alloc_", "node_partial_3"),
        ("alloc_node_partial_3_nopage", "alloc_", "node_partial_3"),
        ("alloc_node_mismatch_new_slab", "alloc_node_", "new_slab"),
        ("bulk_free_4", "bulk_free_", "4"),
        ("kfree_fast_remote", "kfree_", "fast_remote"),
        ("shrink", "", "shrink"),
    ],
)
def test_a_path_begins_with_the_function_called(path, call, kind):
    told = row(path)
    assert (told.call, told.kind) == (call, kind)


def test_slabs_taken_from_the_cpus_list_are_counted():
    assert row("alloc_cpu_partial", {"cpu_partial_slabs": 3}, {"cpu_partial_slabs": 1}).popped == 2
    assert row("alloc_new_slab", {"cpu_partial_slabs": 3}).popped == 3  # none of them served
    assert row("free_fast", {"cpu_partial_slabs": 3}, {"cpu_partial_slabs": 1}).popped == 0


def test_a_new_slab_is_of_the_cpus_node():
    assert plan(row("alloc_new_slab", after={"page_node": 1}))[0] == 1


def test_an_object_freed_fast_is_of_the_cpus_slab():
    assert plan(row("free_fast", {"page_node": 1}))[0] == 1
    assert plan(row("free_fast_remote", {"page_node": 1}))[0] == 0


def test_a_node_needs_the_slabs_that_the_state_shows():
    few = {"cpu_partial_slabs": 2, "node_slabs": 1, "remote_slabs": 1}
    assert plan(row("free_full", few | {"node_slabs": 2})) == (0, [0, 1])


@pytest.mark.parametrize(
    ("local", "remote", "locks", "first", "runs"),
    [
        (2, 0, 1, 0, [0, 0]),
        (1, 2, 2, 0, [0, 1, 1]),
        (1, 2, 2, 1, [1, 1, 0]),
        (2, 2, 3, 0, [0, 1, 1, 0]),
        (2, 2, 4, 1, [1, 0, 1, 0]),
    ],
)
def test_nodes_alternate_as_often_as_locks_were_taken(local, remote, locks, first, runs):
    assert alternate(local, remote, locks, first) == runs

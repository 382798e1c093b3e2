"""A cache is brought into the recorded state before a path."""

import pytest

from simslab.base.build import running_build
from simslab.conform.slub.path_row import STATE, PathRow
from simslab.conform.slub.path_state import Bench, shares

# Compiled, tests/conform/slub/test_golden.py compares recorded paths in a second, plain interpreter.
watched = pytest.mark.skipif(
    running_build().kind == "compiled", reason="CPUs are watched by replacing their methods, in plain Python only"
)
NOTHING = dict.fromkeys(STATE, 0) | {"page_node": -1}


def bench(path, before, after=(), **more):
    return Bench(PathRow("b192", path, NOTHING | dict(before), NOTHING | dict(after), **more))


@watched
@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("alloc_fast", {"has_page": 1, "page_node": 0, "cpu_freelist": 5, "page_freelist": 3, "node_slabs": 2}),
        ("free_full", {"node_slabs": 3, "node_partial": 1, "remote_slabs": 4, "remote_partial": 2}),
        ("free_full", {"cpu_partial_slabs": 2, "cpu_pobjects": 7, "node_slabs": 3, "remote_slabs": 1}),
    ],
)
def test_the_state_is_the_recorded_one(path, before):
    found = bench(path, before, {"page_node": 0}, obj_inuse=21)
    assert found.state() == NOTHING | before
    found.leave()


@watched
def test_the_path_leads_where_the_kernel_does():
    before = {"has_page": 1, "page_node": 0, "cpu_freelist": 2, "node_slabs": 1}
    found = bench("alloc_fast", before, {"page_node": 0})
    found.run()
    assert found.state() == NOTHING | before | {"cpu_freelist": 1}
    assert found.objp >> 12 == found.c.page
    found.leave()


@watched
def test_the_bench_before_leaves_nothing_behind():
    bench("free_full", {"node_slabs": 3, "node_partial": 2}, obj_inuse=21).leave()
    found = bench("alloc_new_slab", {}, {"page_node": 0, "node_slabs": 1})
    assert found.state() == NOTHING
    assert found.slabs == set()
    found.leave()


def test_a_cache_that_no_record_has_is_refused():
    with pytest.raises(ValueError, match="no cache 'x192' in the records of paths"):
        Bench(PathRow("x192", "alloc_fast", NOTHING, NOTHING))


@pytest.mark.parametrize(
    ("total", "parts", "most", "found"),
    [(5, 0, 9, []), (3, 3, 9, [1, 1, 1]), (8, 3, 5, [2, 1, 5]), (20, 3, 5, [5, 5, 5])],
)
def test_objects_are_shared_out_among_slabs_the_last_first(total, parts, most, found):
    assert shares(total, parts, most) == found

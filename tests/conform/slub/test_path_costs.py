"""What of a recorded path is charged on both sides."""

import pytest

from simslab.conform.slub.path_costs import PathCost, is_told, kernel_instructions
from simslab.conform.slub.path_row import STATE, PathRow
from simslab.conform.watching import TICK


def row(path, functions=(), before=(), after=()):
    nothing = dict.fromkeys(STATE, 0)
    return PathRow("b192", path, nothing | dict(before), nothing | dict(after), functions=dict(functions))


def cost(instructions=100, got=100, **more):
    same = {"after": "s", "got_after": "s", "lines": ["page"], "got_lines": ["page"]}
    return PathCost("b192", "p", "s", instructions=instructions, got_instructions=got, **(same | more))


@pytest.mark.parametrize(
    ("instructions", "got", "same"), [(100, 105, True), (100, 95, True), (100, 106, False), (4, 5, True), (4, 6, False)]
)
def test_instructions_may_differ_by_five_percent_or_by_one(instructions, got, same):
    assert cost(instructions, got).same_instructions is same


def test_lines_and_states_are_the_same_or_not():
    assert cost().same_lines
    assert cost().same_state
    assert not cost(got_lines=["slabpage", "page"]).same_lines
    assert not cost(got_after="t").same_state


def test_the_page_allocator_is_left_out_on_the_kernels_side():
    functions = {"allocate_slab": 300, "__alloc_pages_nodemask": 70, "prep_new_page": 20}
    assert kernel_instructions(row("alloc_new_slab", functions), 390) == 300
    assert kernel_instructions(row("alloc_new_slab", functions | {"prep_compound_page": 30}), 431) == 300


@pytest.mark.parametrize(
    ("told", "path", "more"),
    [
        (True, "alloc_fast", {}),
        (False, "shrink_empty", {}),
        (False, "alloc_fast", {"functions": {TICK: 1}}),
        (True, "bulk_alloc_4", {"before": {"cpu_freelist": 4}}),
        (False, "bulk_alloc_4", {"before": {"cpu_freelist": 3}}),
        (True, "bulk_free_4", {"after": {"cpu_freelist": 4}}),
        (False, "bulk_free_4", {"after": {"cpu_freelist": 3}}),
        (False, "bulk_free_4", {"after": {"cpu_freelist": 4}, "functions": {"__slab_free": 9}}),
    ],
)
def test_a_path_is_left_out_where_its_state_does_not_tell_all(told, path, more):
    assert is_told(row(path, **more)) is told

"""Which lines are fetched ahead of a sequence, and when they are there."""

import pytest

from simslab.machine.accounting import causes
from simslab.machine.core.page_prefetcher import PagePrefetcher
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.memory import states

LARGE = 1 << 18  # a line, the first of its page of 2 MiB
FIRST = LARGE + (1 << 14)  # the first of a page in the middle of that


def machine(prefetch="strides"):
    return build_machine(load_machine("emerald-rapids-16", [f"core.prefetch={prefetch}", "tlb=null"]))


@pytest.fixture
def prefetcher():
    return PagePrefetcher(machine().cpus[0].memory, 0)


def fetched(prefetcher, lines, first=FIRST):
    """Lines, by number from the page's first, that are there after accesses to `lines`, one long after another."""
    for number, line in enumerate(lines):
        prefetcher.missed(first + line, 100_000 * number)
    memory = prefetcher.memory
    return [line for line in range(-64, 128) if memory.state_in_core(0, first + line) != 0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([5], []),
        ([0, 1], list(range(2, 22))),
        ([0, 4], [8, 12, 16, 20, 24]),
        ([0, 16], [32]),
        ([0, 16, 32], [32, 48]),
        ([0, 32], []),  # farther than it looks
        ([9, 6], [-12, -9, -6, -3, 0, 3]),
        ([60, 62], list(range(64, 83, 2))),  # in the next page
        ([7, 7], []),
    ],
)
def test_what_follows_in_the_same_steps_is_fetched_up_to_twenty_lines_ahead(prefetcher, lines, expected):
    assert fetched(prefetcher, lines) == expected


@pytest.mark.parametrize(("lines", "next_one"), [([56, 60, 64], 84), ([8, 4, 0, -4], -24)])
def test_a_sequence_goes_on_in_the_next_page_without_being_found_anew(prefetcher, lines, next_one):
    assert next_one in fetched(prefetcher, lines)


def test_a_page_with_a_sequence_of_its_own_keeps_it_when_another_comes_to_its_end(prefetcher):
    assert 112 in fetched(prefetcher, [88, 91, 60, 62, 94])


@pytest.mark.parametrize("before", [[100], [100, 104]])
def test_a_page_that_was_touched_once_or_walked_through_before_is_entered_anew(prefetcher, before):
    assert 84 in fetched(prefetcher, [*before, 56, 60, 64])


def test_a_sequence_that_lost_its_next_page_to_another_finds_it_again(prefetcher):
    there = 64 + 64 * 32  # in the same place of 32
    prefetcher.missed(FIRST + 52, 0)
    prefetcher.missed(FIRST + 56, 1)
    prefetcher.missed(FIRST + there, 2)
    prefetcher.missed(FIRST + 60, 3)  # asks for line 80 of the page that it enters again
    prefetcher.missed(FIRST + 64, 4)
    assert prefetcher.memory.state_in_core(0, FIRST + 84)


def test_no_sequence_leaves_a_page_of_2_mib(prefetcher):
    assert fetched(prefetcher, [-4, -2], LARGE) == []
    assert fetched(prefetcher, [4, 2], LARGE) == [0]


def test_sequences_in_32_pages_are_followed_side_by_side(prefetcher):
    for step in (0, 2):
        for page in range(32):
            prefetcher.missed(FIRST + 64 * page + step, 0)
    assert all(prefetcher.memory.state_in_core(0, FIRST + 64 * page + 4) for page in range(32))


def test_a_page_is_forgotten_when_another_takes_its_place(prefetcher):
    for line in (0, 64 * 32, 2):
        prefetcher.missed(FIRST + line, 0)
    assert prefetcher.memory.state_in_core(0, FIRST + 4) == 0


def test_a_line_of_another_core_is_left_to_it(prefetcher):
    prefetcher.memory.access(1, FIRST + 8, 1, 0)
    assert 8 not in fetched(prefetcher, [0, 4])
    assert prefetcher.memory.state_in_core(1, FIRST + 8) == states.MODIFIED


def test_a_line_on_its_way_is_there_when_its_latency_is_over(prefetcher):
    prefetcher.missed(FIRST, 0)
    prefetcher.missed(FIRST + 16, 1000)
    latency = prefetcher.memory.cycles_owner[causes.LOCAL_DRAM]
    assert prefetcher.left(FIRST + 48, 1000) == 0
    assert prefetcher.left(FIRST + 32, 1100) == latency - 100 > 0
    assert prefetcher.left(FIRST + 32, 1100) == 0  # told once


def test_a_sequence_of_loads_waits_less_for_memory_and_never_less_than_for_the_l2():
    spent = {}
    for prefetch in ("none", "strides"):
        cpu = machine(prefetch).cpus[0]
        for line in range(0, 64 * 64, 4):
            cpu.read(64 * (FIRST + line))
            cpu.run(300, causes.WORK)
        spent[prefetch] = cpu.now - 300 * 64 * 16
    assert 9 * 64 * 16 <= spent["strides"] < spent["none"] / 3

"""Streams that are made piece by piece: the same words, whatever the length of the pieces."""

import random
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_machines import random_document
from random_workloads import random_workload
from stream_programs import GHZ, group, places, program

from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import Workload
from simslab.workload.streams.from_description import generate
from simslab.workload.streams.pieces import PIECE, Chain, Tiled, Whole, gathered, portions

WORDS = np.arange(5, dtype=np.int64)


def told(made):
    """All that a run reads of a program."""
    return made.kinds.rows().tolist(), [thread.words.tolist() for thread in made.threads], made.slots.size, made.parties


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from([1, 2, 7, 30]))
def test_every_pattern_has_the_same_words_in_pieces_of_any_length(seed, piece):
    chance = random.Random(seed)
    machine = random_document(chance)
    workload = Workload.model_validate(random_workload(chance, machine))
    nr_cpus, nodes = sum(1 for number in machine["layout"]["cpu_numbers"] if number), len(machine["nodes"])
    where = CpuPlaces(tuple(cpu % nodes for cpu in range(nr_cpus)), nodes)
    assert told(generate(workload, where, GHZ, 1, piece)) == told(generate(workload, where, GHZ, 1))


PATTERNS = [
    {"pattern": "alloc_free", "kmalloc": {"uniform": [1, 300]}, "operations": 500, "live": 30, "order": "random"},
    {"pattern": "lifetimes", "cache": "c", "objects": 300, "lifetime": {"pareto": [3, 1.1]}, "remote": 0.5},
    {"pattern": "bleed", "kmalloc": {"choice": {32: 1, 64: 3}}, "live": 20, "rounds": 4, "replacements": 60},
    {"pattern": "bulk", "cache": "c", "size": 16, "repeat": 50},
]


@pytest.mark.parametrize("step", PATTERNS, ids=lambda step: step["pattern"])
@pytest.mark.parametrize("think", ["10 ns", {"exponential": "50 ns"}])
def test_long_streams_are_made_in_pieces_and_can_be_made_again(step, think):
    made = generate(
        Workload.model_validate({"threads": [group({**step, "think": think}, cpus="first 3")]}), places(), GHZ, 1, 40
    )
    for thread in made.threads:
        first, again = list(thread.stream.pieces()), list(thread.stream.pieces())
        assert all(map(len, first))
        assert len(first) > 3
        assert [piece.tolist() for piece in first] == [piece.tolist() for piece in again]


def test_threads_that_read_at_different_speeds_read_what_they_would_alone():
    step = {"pattern": "lifetimes", "cache": "c", "objects": 200, "lifetime": {"exponential": 20}, "remote": 0.4}
    made = generate(Workload.model_validate({"threads": [group(step, cpus="first 3")]}), places(), GHZ, 1, 16)
    alone = [thread.words.tolist() for thread in made.threads]
    chance, left = random.Random(3), [(i, thread.stream.pieces()) for i, thread in enumerate(made.threads)]
    read = [[] for _ in made.threads]
    while left:
        i, pieces = chance.choice(left)
        piece = next(pieces, None)
        if piece is None:
            left.remove((i, pieces))
        else:
            read[i] += piece.tolist()
    assert read == alone


def test_the_streams_of_a_long_run_are_not_there_before_it():
    made = program(group({"pattern": "lifetimes", "cache": "c", "objects": 20 * PIECE, "lifetime": 100}))
    assert made.threads[0].stream.length > 20 * PIECE
    assert max(len(piece) for piece in made.threads[0].stream.pieces()) <= 2 * PIECE


def test_no_piece_is_without_a_word():
    stream = Chain([Whole(WORDS), Whole(WORDS[:0]), Tiled(WORDS[:2], 3, piece=4)])
    assert [piece.tolist() for piece in stream.pieces()] == [WORDS.tolist(), [0, 1, 0, 1], [0, 1]]
    assert stream.length == 11


def test_portions_cover_a_count_once():
    assert list(portions(10, 4)) == [(0, 4), (4, 4), (8, 2)]
    assert list(portions(0, 4)) == []


def test_short_pieces_are_gathered():
    pieces = [WORDS[:1], WORDS[1:2], WORDS[2:5], WORDS[:1]]
    assert [len(piece) for piece in gathered(pieces, 2)] == [2, 3, 1]
    assert list(chain(*gathered(pieces, 2))) == [0, 1, 2, 3, 4, 0]

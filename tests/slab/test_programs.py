"""Random programs on random machines: after every operation every invariant holds, and in the end nothing is left."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slab_programs import KINDS, Program

from simslab.base.build import running_build

COMPILED = running_build().kind == "compiled"
PROGRAMS = 50
OPERATIONS = 20_000  # of each: a million


@settings(max_examples=25 if COMPILED else 6)
@given(chance=st.randoms(use_true_random=False), operations=st.integers(1, 300))
def test_any_program_keeps_every_invariant(chance, operations):
    Program(chance).run(operations).finish()


@pytest.mark.parametrize("seed", range(8))
def test_seeded_programs_keep_every_invariant(seed):
    program = Program(random.Random(seed)).run(500).finish()
    assert program.audit.checks >= program.done >= 500


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_million_operations_keep_every_invariant(seed):
    program = Program(random.Random(1000 + seed)).run(OPERATIONS).finish()
    assert program.audit.checks >= program.done >= OPERATIONS


@pytest.mark.skipif(not COMPILED, reason="tests the generator of programs, which is the same in both builds")
def test_programs_reach_every_kind_of_operation_and_machine():
    """What the million is worth: machines with and without memory on all nodes, all freelist placements, all locks."""
    programs = [Program(random.Random(seed)) for seed in range(40)]
    names = {kind for program in programs for kind in program.kernel.machine.name.removeprefix("random ").split("/")}
    assert names == {"whole", "memoryless", "memory-only"}
    assert {program.nodes for program in programs} == {1, 2, 3, 4, 5, 6}
    placements = {program.cache.flags >> 30 for program in programs}  # off-slab, in a free object, at the slab's end
    assert placements == {0, 1, 2}
    assert {name for program in programs[:12] for name in program.run(400).ran} == set(KINDS)
    taken = {kind for program in programs for kind in program.witness.acquired_by_kind}
    assert taken == {"list_lock", "alien_lock", "zone.lock"}

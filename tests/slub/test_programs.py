"""Random programs on random machines: after every operation every invariant holds, and in the end nothing is left."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slub_programs import KINDS, SlubProgram

from simslab.base.build import running_build

COMPILED = running_build().kind == "compiled"


@settings(max_examples=25 if COMPILED else 6)
@given(chance=st.randoms(use_true_random=False), operations=st.integers(1, 300))
def test_any_program_keeps_every_invariant(chance, operations):
    SlubProgram(chance).run(operations).finish()


@pytest.mark.parametrize("seed", range(8))
def test_seeded_programs_keep_every_invariant(seed):
    program = SlubProgram(random.Random(seed)).run(500).finish()
    assert program.audit.checks >= program.done >= 500


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(50))
def test_a_million_operations_keep_every_invariant(seed):
    program = SlubProgram(random.Random(1000 + seed)).run(20_000).finish()
    assert program.audit.checks >= program.done >= 20_000


@pytest.mark.skipif(not COMPILED, reason="tests the generator of programs, which is the same in both builds")
def test_programs_reach_every_kind_of_operation_and_path():
    programs = [SlubProgram(random.Random(seed)).run(400) for seed in range(24)]
    assert {name for program in programs for name in program.ran} == set(KINDS)
    counted = [sum(column) for column in zip(*(p.allocator.statistics(p.cache) for p in programs), strict=True)]
    never = {20, 21}  # exchanges that fail: CPUs take turns here
    assert {item for item, count in enumerate(counted) if not count} == never

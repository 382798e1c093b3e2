"""All CPUs in SLUB at once while interrupts allocate and free: nothing is lost, and exchanges fail and are retried."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slub_storms import SlubStorm

from simslab.base.build import running_build

COMPILED = running_build().kind == "compiled"


@settings(max_examples=12 if COMPILED else 2)
@given(chance=st.randoms(use_true_random=False), steps=st.integers(1, 60 if COMPILED else 10))
def test_no_storm_loses_anything(chance, steps):
    SlubStorm(chance, steps).storm().finish()


@pytest.mark.parametrize("seed", range(6 if COMPILED else 2))
def test_nothing_is_lost_in_a_seeded_storm(seed):
    storm = SlubStorm(random.Random(seed), 60).storm().finish()
    assert storm.interrupts > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_lost_in_a_long_storm(seed):
    SlubStorm(random.Random(1000 + seed), 400).storm().finish()


@pytest.mark.skipif(not COMPILED, reason="tests the generator of storms, which is the same in both builds")
def test_storms_make_exchanges_fail():
    failed = [SlubStorm(random.Random(seed), 60).storm().failed_exchanges() for seed in range(20)]
    assert sum(own for own, _ in failed) > 0
    assert sum(page for _, page in failed) > 0

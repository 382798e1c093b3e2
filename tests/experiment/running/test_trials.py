import sys

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.knobs import Knobs
from simslab.experiment.grid.space import Space
from simslab.experiment.running.trials import BATCH, proposed

SPACE = Space(("c",), (Knobs("slab", "c", (120, 60, 8)),))
CHOICES = SPACE.choices({"limit": ["8:480"], "batchcount": ["1:60"]})


def trials(count, seed=1):
    """Return what is proposed where the limit nearest to 200 is best, and how many were known at each call."""
    calls = []

    def tried(rows):
        calls.append(len(rows))
        return [[abs(limit - 200)] for limit, _, _ in rows]

    return proposed(SPACE, CHOICES, [True], count, seed, tried), calls


def test_without_optuna_it_is_one_message(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install '\.\[tune\]'"):
        trials(2)


def test_the_kernels_own_comes_first_then_as_many_as_asked_for_in_batches():
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    rows, calls = trials(10)
    assert rows[0] == SPACE.own
    assert len(calls) == -(-10 // BATCH)
    assert len(rows) == len(set(rows)) <= 11
    assert all(8 <= limit <= 480 and 1 <= batchcount <= limit for limit, batchcount, _ in rows)


def test_the_same_seed_proposes_the_same_and_more_trials_come_nearer():
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    assert trials(8)[0] == trials(8)[0] != trials(8, seed=2)[0]
    few, many = (min(abs(limit - 200) for limit, _, _ in trials(count)[0]) for count in (4, 60))
    assert many < few
    assert many < 20

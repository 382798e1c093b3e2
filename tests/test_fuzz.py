"""Mutated inputs of every kind (tools/fuzz.py): each is taken or refused in words, and nothing else happens.

In the suite a few of each kind; in the soak 4,000 with a fixed seed; `python tools/fuzz.py` tries 20,000.
"""

import os
import pickle
import signal

import pytest
from fuzzing.mutations import edit_bytes, edit_lines, edit_text, edit_tree, places
from fuzzing.targets import TARGETS, Target
from fuzzing.watch import watched
from hypothesis import strategies as st

from simslab.base.errors import UserError

SOAK = 4_000
SHARES = sum(target.share for target in TARGETS.values())
QUICK = ["YAML text", "settings", "lstopo", "numactl", "MLC", "tables"]


@pytest.mark.parametrize("kind", QUICK)
def test_a_few_mutated_inputs_are_taken_or_refused(kind, tmp_path):
    outcome = watched(TARGETS[kind].strategy(), TARGETS[kind].take, 15, 3, tmp_path / "outcome")
    assert outcome.findings == {}
    assert outcome.tried == 15


@pytest.mark.soak
@pytest.mark.parametrize("kind", sorted(TARGETS))
def test_many_mutated_inputs_are_taken_or_refused(kind, tmp_path):
    target = TARGETS[kind]
    outcome = watched(target.strategy(), target.take, SOAK * target.share // SHARES, 1, tmp_path / "outcome")
    assert outcome.findings == {}


def fault(value):
    """What a fuzzer must notice, by number."""
    if value == 1:
        raise UserError("is refused")
    if value == 2:
        return [][value]
    if value == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def test_what_goes_wrong_is_noticed_and_the_rest_is_tried(tmp_path):
    outcome = watched(Target(lambda: st.integers(0, 3), fault).strategy(), fault, 40, 1, tmp_path / "outcome")
    assert outcome.refused
    assert outcome.accepted
    assert [what.partition(" ")[0] for what in outcome.findings] == ["SIGKILL", "IndexError"]
    assert pickle.dumps(3) in outcome.skip


@pytest.mark.parametrize("how", range(16))
def test_every_edit_of_a_tree_leaves_a_tree(how):
    for where in range(6):
        edited = edit_tree({"a": [1, "10 ns"], "b": {"c": 2.5}}, where, how, "new", 5)
        assert edited == "new" or places(edited)


@pytest.mark.parametrize("how", range(35))
def test_every_edit_of_text_and_bytes_is_one(how):
    assert isinstance(edit_text("node 0 cpus: 1 2", how, how, "x"), str)
    assert isinstance(edit_lines("a 1\nb 2\n", how, how, "x"), str)
    assert isinstance(edit_bytes(b"abc", how, how, how), bytes)

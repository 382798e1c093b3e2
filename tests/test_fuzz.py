"""Mutated inputs of every kind (tools/fuzz.py): each is taken or refused in words, and nothing else happens.

In the suite a few of each kind; in the soak 20,000, those of `python tools/fuzz.py`.
"""

import os
import pickle
import shutil
import signal

import pytest
from fuzzing.mutations import edit_bytes, edit_lines, edit_text, edit_tree, places
from fuzzing.targets import CHUNK, TARGETS, Target, chunks, folder, strategy_of
from fuzzing.watch import load_everything, watched
from hypothesis import strategies as st

from simslab.base.errors import UserError

SOAK = 20_000


@pytest.fixture(scope="module", autouse=True)
def _files():
    """Remove the files of all children, which end without ceremony: they use the folder that is there before them."""
    place = folder()
    yield
    shutil.rmtree(place)
    folder.cache_clear()


QUICK = ["YAML text", "settings", "lstopo", "numactl", "MLC", "tables"]


@pytest.mark.parametrize("kind", QUICK)
def test_a_few_mutated_inputs_are_taken_or_refused(kind, tmp_path):
    outcome = watched(TARGETS[kind].strategy(), TARGETS[kind].take, 15, 3, tmp_path / "outcome")
    assert outcome.findings == {}
    assert outcome.tried == 15


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "count", "seed"), chunks(TARGETS, SOAK, 1))
def test_many_mutated_inputs_are_taken_or_refused(kind, count, seed, tmp_path):
    load_everything()
    outcome = watched(strategy_of(kind), TARGETS[kind].take, count, seed, tmp_path / "outcome")
    assert outcome.findings == {}


def test_inputs_are_shared_out_among_kinds_and_no_two_parts_of_one_have_a_seed():
    parts = chunks(TARGETS, SOAK, 3)
    counts = {kind: sum(count for name, count, _ in parts if name == kind) for kind in TARGETS}
    assert counts["traces"] == 4 * counts["stores"] + counts["traces"] % 4
    assert SOAK - len(TARGETS) < sum(counts.values()) <= SOAK
    assert max(count for _, count, _ in parts) <= CHUNK
    assert len({(kind, seed) for kind, _, seed in parts}) == len(parts)


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

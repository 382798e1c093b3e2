import pytest

from simslab.base.errors import UserError
from simslab.experiment.figures.observation import observe, unpacked
from simslab.experiment.inputs import load_inputs


def test_an_observation_comes_back_whole_and_is_small():
    observation = observe(load_inputs("one-node", "local-churn", ["scale=0.01"]), 3)
    packed = observation.packed()
    assert unpacked(packed) == observation
    assert len(packed) < 20_000


def test_the_same_run_packs_to_the_same_bytes():
    inputs = load_inputs("one-node", "local-churn", ["scale=0.01"])
    assert observe(inputs, 3).packed() == observe(inputs, 3).packed()
    assert observe(inputs, 3).packed() != observe(inputs, 4).packed()


def test_what_cannot_be_unpacked_is_one_message():
    with pytest.raises(UserError, match=r"a\.db: is damaged"):
        unpacked(b"no zlib", "a.db")

import pytest
from command_line import refused, simslab

from simslab.experiment.limits import LARGEST_SEED, MOST_JOBS, MOST_SEEDS

__all__ = ["refused", "simslab"]
ARMS = ("one-node", "local-churn", "--variant", "a:core.ipc=2")


@pytest.mark.parametrize(
    ("option", "most", "command"),
    [
        ("--seeds", MOST_SEEDS, ("compare", *ARMS)),
        ("--jobs", MOST_JOBS, ("compare", *ARMS)),
        ("--seeds", MOST_SEEDS, ("sweep", "one-node", "local-churn")),
        ("--max-seeds", MOST_SEEDS, ("sweep", "one-node", "local-churn")),
        ("--jobs", MOST_JOBS, ("sweep", "one-node", "local-churn")),
        ("--seeds", MOST_SEEDS, ("tune", "one-node", "local-churn", "churn")),
    ],
)
def test_more_than_any_host_could_do_is_refused_at_once(simslab, option, most, command):
    status, _, err = simslab(*command, option, str(most + 1))
    assert status == 2
    assert f"'{option}'" in err
    assert f"or equal to {most}" in err or f"x<={most}" in err  # typer says one or the other


@pytest.mark.parametrize(
    "command",
    [
        ("compare", *ARMS),
        ("sweep", "one-node", "local-churn", "--axis", "core.ipc=1,2"),
        ("tune", "one-node", "local-churn", "churn"),
    ],
)
def test_a_first_seed_that_no_store_can_hold_is_refused(refused, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    most = LARGEST_SEED - MOST_SEEDS
    assert (
        refused(*command, "--seed", most + 1) == f"simslab: --seed {most + 1}: is too large; expected at most {most}\n"
    )
    assert list(tmp_path.iterdir()) == []

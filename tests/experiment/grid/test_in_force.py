import pytest

from simslab.experiment.grid.in_force import clashes, is_within, said_in_force
from simslab.experiment.inputs import load_inputs

ALL = "tunables.mixed={limit: 60, batchcount: 30, shared: 8}"


def found(*settings):
    inputs = load_inputs("two-socket", "mixed-remote", settings)
    return [(c.first, c.second, c.whole) for document in (inputs.machine_document, inputs.workload_document)
            for c in clashes(document)]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "clash"),
    [
        (["tunables.mixed.limit=30", ALL], (0, 1, True)),
        ([ALL, "tunables.mixed.limit=30"], (0, 1, False)),
        (["scale=1", "workload.scale=2"], (0, 1, True)),
        (["links[0].latency=20 ns", "core.ipc=2", "links.upi.latency=30 ns"], (0, 2, True)),
    ],
)
def test_a_setting_that_changes_an_earlier_one_is_found(settings, clash):
    assert found(*settings) == [clash]


@pytest.mark.parametrize(
    "settings",
    [
        ["tunables.mixed.limit=60", "tunables.mixed.batchcount=30"],
        ["links=ring", "links.upi.latency=20 ns", "nodes=4"],
        ["links.upi.latency=20 ns", "links=ring"],
    ],
)
def test_settings_of_different_parts_and_shapes_that_keep_what_stands_there_leave_each_other_alone(settings):
    assert found(*settings) == []


@pytest.mark.parametrize(
    ("path", "other", "within"),
    [
        ("tunables.mixed.limit", "tunables.mixed", True),
        ("workload.tunables.mixed.limit", "tunables", True),
        ("links[0].latency", "links[0]", True),
        ("tunables.mixed", "tunables.mixed", False),
        ("tunables.mixed2.limit", "tunables.mixed", False),
        ("machine.kernel.a", "workload.kernel", False),
        ("a..b", "a", False),
    ],
)
def test_a_path_is_within_another_part_by_part(path, other, within):
    assert is_within(path, other) is within


def test_what_is_set_is_told_but_for_what_changes_it():
    told = said_in_force([ALL, "scale = 1", "links=ring", "tunables.mixed.shared=4"],
                         ["tunables.mixed.limit", "links.upi.latency"])  # fmt: skip
    apart = " (but for tunables.mixed.shared, tunables.mixed.limit)"
    assert told == [ALL + apart, "scale=1", "links=ring", "tunables.mixed.shared=4"]

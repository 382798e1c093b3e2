import re

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, check_apart, make_grid, short_label

LIMITS = Axis("tunables.mixed.limit", ("30", "60"))
HOPS = Axis("links.upi.latency", ("x1", "x2"))


def grid(*axes, machine="two-socket", workload="mixed-remote", **more):
    return make_grid(Design(machine, workload, axes=axes, **more))


def test_points_carry_what_was_typed_and_what_it_means():
    points = grid(LIMITS, HOPS, settings=("scale=0.5",)).points
    assert len(points) == 4
    last = points[-1]
    assert last.parameters == {
        "machine": "two-socket", "workload": "mixed-remote", "scale": "0.5",
        "tunables.mixed.limit": "60", "links.upi.latency": "x2",
    }  # fmt: skip
    assert last.values["links.upi.latency"] == "52.4 ns"
    assert str(last.inputs.machine.links[0].latency) == "52.4 ns"
    assert last.inputs.workload.tunables["mixed"].limit == 60


def test_machine_and_trace_are_axes(tmp_path):
    trace = tmp_path / "mine.txt.gz"
    trace.write_bytes((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes())
    machines = Axis("machine", ("two-socket", "four-socket"))
    points = grid(machines, Axis("trace", (str(trace), "mixed-remote")), machine=None, workload=None).points
    names = [(p.inputs.machine.name, p.inputs.workload.name) for p in points]
    assert names == [(m, w) for m in ("two-socket", "four-socket") for w in ("mine", "mixed-remote")]


def test_relative_values_are_of_each_machine_of_an_axis():
    points = grid(Axis("machine", ("two-socket", "four-socket")), Axis("dram.latency", ("x2",)), machine=None).points
    assert len({point.values["dram.latency"] for point in points}) == 2


def test_constraints_leave_points_out_by_absolute_values():
    assert len(grid(LIMITS, HOPS, where=("limit < 60 or links.upi.latency < 30 ns",)).points) == 3


def test_nothing_left_is_told():
    with pytest.raises(UserError, match="no point is left of 2: limit > 100"):
        grid(LIMITS, where=("limit > 100",))


def test_mistakes_of_all_points_are_told_once_with_their_axis():
    with pytest.raises(UserError) as caught:
        grid(Axis("links.upi.latency", ("fast", "x2", "slow")), LIMITS)
    assert [problem.file for problem in caught.value.problems] == [
        "--axis links.upi.latency: fast", "--axis links.upi.latency: slow",
    ]  # fmt: skip


def test_points_that_are_the_same_by_construction_are_named():
    notes = grid(Axis("links.upi.latency", ("x1", "26.2 ns", "x2"))).notes
    assert notes == ("the same by construction: links.upi.latency=x1; links.upi.latency=26.2 ns",)


def test_an_unknown_metric_is_told_before_anything_is_loaded():
    with pytest.raises(UserError, match=r"latency\.p99"):
        grid(LIMITS, machine="no-such-machine", metrics=("latncy.p99",))


def test_a_missing_machine_is_told():
    with pytest.raises(UserError, match="there is no machine"):
        grid(LIMITS, machine=None)


def test_a_trace_with_several_seeds_draws_start_jitter_and_says_so():
    made = grid(Axis("core.ipc", ("4",)), workload="untar-rm", seeds=3)
    assert made.points[0].inputs.workload.trace.vary == "start"
    assert made.points[0].parameters["trace.vary"] == "start"
    assert made.seeds_of(made.points[0]) == (1, 2, 3)
    assert any("start jitter" in note for note in made.notes)


def test_a_trace_without_anything_to_draw_runs_once():
    made = grid(Axis("core.ipc", ("4",)), workload="untar-rm", seeds=3, vary="none")
    assert made.seeds_of(made.points[0]) == (1,)
    assert any("no interval" in note for note in made.notes)


def test_the_identity_of_a_run_follows_from_content_and_seed_alone():
    first, second = (grid(LIMITS).points[0] for _ in range(2))
    assert first.key(3) == second.key(3) != first.key(4)
    other = grid(Axis("tunables.mixed.limit", ("31",))).points[0]
    assert other.key(3) != first.key(3)


def test_labels_show_what_varies():
    made = grid(LIMITS, HOPS)
    labels = [short_label(point, made.design.varying) for point in made.points]
    assert labels[0] == "tunables.mixed.limit=30, links.upi.latency=x1"
    assert len(set(labels)) == 4


@pytest.mark.parametrize("setting", ["core.ipc=3", "machine.core.ipc = 3"])
@pytest.mark.parametrize("path", ["core.ipc", "machine.core.ipc"])
def test_what_varies_cannot_be_set_for_all_points(setting, path):
    told = f"^--set {setting}: '{setting.partition('=')[0].strip()}' varies, and is set for all points"
    with pytest.raises(UserError, match=told):
        check_apart(Design("one-node", "larson", settings=("scale=1", setting), axes=(Axis(path, ("2", "4")),)))


def test_what_is_set_beside_what_varies_is_no_conflict():
    settings = ("core.ipc_cold=1", "core={ipc: 2}")
    check_apart(Design("one-node", "larson", settings=settings, axes=(Axis("core.ipc", ("2",)),)))


WHOLE = Axis("tunables.mixed", ("{limit: 60, batchcount: 30, shared: 8}", "{limit: 120, batchcount: 60, shared: 8}"))


@pytest.mark.parametrize(
    ("axis", "settings", "told"),
    [
        (WHOLE, ("tunables.mixed.limit=30",), "is set for all points, and 'tunables.mixed', which varies, replaces it"),
        (
            HOPS,
            ("scale=1", "workload.scale=2"),
            "is set for all points, and 'scale', which is set after it, replaces it",
        ),
        (HOPS, ("links[0].latency=9 ns",), "is set for all points, and 'links.upi.latency', which varies, replaces it"),
    ],
)
def test_a_setting_that_another_replaces_at_a_point_is_refused(axis, settings, told):
    with pytest.raises(UserError, match=f"^--set .*{told}") as caught:
        grid(axis, settings=settings)
    assert len(caught.value.problems) == 1


def test_a_setting_that_an_axis_changes_in_part_is_a_parameter_as_it_was_set():
    points = grid(LIMITS, settings=("tunables.mixed={limit: 90, batchcount: 15, shared: 8}",)).points
    assert [point.inputs.workload.tunables["mixed"].batchcount for point in points] == [15, 15]
    said = {point.parameters["tunables.mixed"] for point in points}
    assert said == {"{limit: 90, batchcount: 15, shared: 8}"}


def test_axes_of_one_thing_by_number_and_by_name_are_refused():
    with pytest.raises(UserError, match=r"--axis links\[0\]\.latency: 'links\.upi\.latency' varies as well"):
        grid(Axis("links[0].latency", ("9 ns",)), HOPS)


@pytest.mark.parametrize(
    ("axis", "settings", "drawn"),
    [
        (Axis("trace.vary", ("start", "placement")), (), ["start", "placement"]),
        (Axis("core.ipc", ("x1", "x2")), ("workload.trace.vary=none",), ["none", "none"]),
    ],
)
def test_what_the_seed_draws_of_a_trace_may_be_set_and_may_vary(axis, settings, drawn):
    points = grid(axis, machine="one-node", workload="untar-rm", settings=("scale=0.02", *settings), seeds=3).points
    assert [point.inputs.workload.trace.vary for point in points] == drawn
    assert {"trace.vary" in point.parameters for point in points} == {not settings}


def test_a_shape_and_what_it_keeps_may_both_vary():
    assert len(grid(Axis("links", ("ring", "hypercube")), Axis("nodes", ("2", "4")), HOPS).points) == 8


@pytest.mark.parametrize("value", ["60 GB", "+60 GB", "x-1"])
def test_a_mistake_in_a_point_is_told_of_the_point(value):
    point = {"links.upi.latency": value, "tunables.mixed.limit": "30"}
    with pytest.raises(UserError, match=rf"^--point links.upi.latency: {re.escape(value)}"):
        make_grid(Design("two-socket", "mixed-remote", points=(point,)))


CHOICES = """description: x
name: w
threads:
- name: t
  cpus: spread 2
  steps: [{pattern: alloc_free, kmalloc: {choice: {64: 1, 2048: 1}}, operations: 40, live: 5}]
"""


def test_workloads_whose_sizes_are_drawn_in_another_order_are_not_the_same(tmp_path):
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    files[0].write_text(CHOICES)
    files[1].write_text(CHOICES.replace("{64: 1, 2048: 1}", "{2048: 1, 64: 1}"))
    made = grid(Axis("workload", tuple(map(str, files))), workload=None)
    assert made.notes == ()
    assert made.points[0].key(1) != made.points[1].key(1)


def test_the_order_of_axes_is_no_part_of_a_run():
    other = Axis("tunables.kmalloc-64.limit", ("30",))
    keys = [grid(*axes).points[0].key(1) for axes in ((LIMITS, other), (other, LIMITS))]
    assert keys[0] == keys[1]


def test_the_order_of_axes_of_a_choices_weights_is_no_part_of_a_run(tmp_path):
    (tmp_path / "a.yaml").write_text(CHOICES)
    axes = [Axis(f"threads[0].steps[0].kmalloc.choice.{size}", ("1",)) for size in (512, 128)]
    keys = [grid(*each, workload=str(tmp_path / "a.yaml")).points[0].key(1) for each in (axes, axes[::-1])]
    assert keys[0] == keys[1]

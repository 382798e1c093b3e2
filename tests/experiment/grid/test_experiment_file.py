from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import make_grid
from simslab.experiment.grid.experiment_file import before_file, read_experiment

TEXT = """
description: a study
machine: two-socket
workload: mixed-remote
set: {scale: 0.05}
axes:
  tunables.mixed.limit: [30, 60]
  links.upi.latency: [x1, +20 ns]
points:
  - {tunables.mixed.shared: 4, core.ipc: 4}
where: [limit < 60]
seeds: 2
seed: 7
metrics: [throughput, "lock.wait:alien_lock"]
"""


def read(tmp_path, text):
    file = tmp_path / "study.yaml"
    file.write_text(text)
    return read_experiment(file)


def test_a_file_says_what_the_options_say(tmp_path):
    design = read(tmp_path, TEXT)
    assert (design.machine, design.workload, design.settings) == ("two-socket", "mixed-remote", ("scale=0.05",))
    assert design.axes == (Axis("tunables.mixed.limit", ("30", "60")), Axis("links.upi.latency", ("x1", "+20 ns")))
    assert design.points == ({"tunables.mixed.shared": "4", "core.ipc": "4"},)
    assert (design.where, design.seeds, design.first_seed) == (("limit < 60",), 2, 7)
    grid = make_grid(design)
    assert len(grid.points) == 2
    assert grid.seeds == (7, 8)


def test_files_are_named_from_beside_it(tmp_path):
    (tmp_path / "mine.yaml").write_bytes((shipped_folder("machines") / "one-node.yaml").read_bytes())
    design = read(tmp_path, "axes: {machine: [mine.yaml, two-socket]}\nworkload: local-churn\n")
    assert design.axes[0].values == (str(tmp_path / "mine.yaml"), "two-socket")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axis: {a: [1]}", "did you mean 'axes'"),
        ("axes: {a: []}", "study.yaml:1"),
        ("axes: {a: [1, 1]}", "each value once"),
        ("seeds: 0", "study.yaml:1"),
        ("vary: starts", "did you mean 'start'"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("set: {scale: fast}", r"study.yaml:3:7: set.scale: 'fast' cannot stand here; expected a number"),
        ("axes: {core.ipc: [2, fast]}", r"study.yaml:3:22: axes.core.ipc\[1\]: 'fast' is not a number"),
        (
            "axes: {core.ipcs: [x2]}",
            r"study.yaml:3:20: axes.core.ipcs\[0\]: core has no 'ipcs' that 'x2' could .* 'ipc'",
        ),
        (
            "axes: {core.ipc: [x2, '-9']}",
            r"study.yaml:3:23: axes.core.ipc\[1\]: gives -4.2; expected a value that is not",
        ),
        (
            "points: [{core.ipcs: x2}]",
            r"study.yaml:3:11: points\[0\].core.ipcs: core has no 'ipcs' .* did you mean 'ipc'",
        ),
        (
            "axes: {tunables.churn.limit: [30, -1]}",
            r"study.yaml:3:35: axes.tunables.churn.limit\[1\]: tunables has no 'churn' that '-1' could",
        ),
        ("axes: {workload.kernel.hz: [17]}", r"study.yaml:3:29: axes.workload.kernel.hz\[0\]: 17 is not a choice"),
        (
            "points: [{core.ipc: 3}, {core.ipcs: 3}]",
            r"study.yaml:3:26: points\[1\].core.ipcs: unknown key 'ipcs'.*'ipc'",
        ),
    ],
)
def test_mistakes_that_machine_and_workload_show_are_told_with_their_place_too(tmp_path, what, told):
    design = read(tmp_path, f"machine: one-node\nworkload: local-churn\n{what}\n")
    with pytest.raises(UserError, match=told) as caught:
        make_grid(design)
    assert len(caught.value.problems) == 1


WHERE = """
workload: local-churn
axes:
  machine: [one-node, two-socket, four-socket]
  workload.kernel.hz: [100, 250]
  workload.kernel.allocator: [slab, slub]
where: [MACHINE]
"""


@pytest.mark.parametrize(
    "where", ["machine != four-socket or hz == 100", "allocator != slub or hz == 250", "machine != uv-2000"]
)
def test_a_constraint_may_name_what_an_option_leaves_out_of_an_axis(tmp_path, where):
    axes = [Axis("machine", ("one-node", "two-socket")), Axis("workload.kernel.allocator", ("slab",))]
    design = before_file(read(tmp_path, WHERE.replace("MACHINE", where)), axes, [])
    assert len(make_grid(design).points) == 4


@pytest.mark.parametrize("where", ["machine != four-soket", "allocator != slob", "allocator != four-socket"])
def test_a_constraint_may_not_name_what_nothing_is_called(tmp_path, where):
    design = before_file(read(tmp_path, WHERE.replace("MACHINE", where)), [Axis("machine", ("one-node",))], [])
    with pytest.raises(UserError, match=r"study.yaml:7:9: where\[0\]: '.*': no point has"):
        make_grid(design)


def test_a_mistake_of_an_option_is_not_told_of_the_file_that_says_the_same(tmp_path):
    text = "machine: one-node\nworkload: local-churn\naxes: {core.ipc: [fast]}\n"
    design = before_file(read(tmp_path, text), [Axis("core.ipc", ("fast",))], [])
    with pytest.raises(UserError, match=r"^--axis core.ipc: fast"):
        make_grid(design)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("workload: larsen\nmachine: one-node", r"study.yaml:1:11: workload: there is no workload 'larsen'"),
        ("workload: larson\naxes: {machine: [one-node, one-nod]}", r"study.yaml:2:28: axes.machine\[1\]: there is no"),
        ("workload: larson\npoints: [{machine: one-nod}]", r"study.yaml:2:11: points\[0\].machine: there is no"),
        ("workload: larson\nmachine: one-node\nmetrics: [p99]", r"study.yaml:3:11: metrics\[0\]: there is no"),
        ("workload: larson\nmachine: one-node\nwhere: [ipcs > 2]", r"study.yaml:3:9: where\[0\]: 'ipcs > 2'"),
        ("workload: larson\nmachine: one-node\nwhere: [machine > 2]", r"study.yaml:3:9: where\[0\]: 'machine > 2'"),
    ],
)
def test_names_that_nothing_has_are_told_with_their_place(tmp_path, text, told):
    with pytest.raises(UserError, match=told):
        make_grid(read(tmp_path, text + "\n"))


def test_an_axis_without_a_value_is_told_at_its_place(tmp_path):
    with pytest.raises(UserError, match=r"study.yaml:1:29: axes.b: an axis needs values"):
        read(tmp_path, "axes: {core.ipc: [1, 2], b: ['']}\n")


def test_an_option_stands_before_what_the_file_sets_within_it_or_under_another_name(tmp_path):
    text = "machine: one-node\nworkload: larson\nset: {scale: 1, tunables.mixed.limit: 30, core.ipc: 2}\n"
    design = before_file(read(tmp_path, text), [], ["workload.scale=2", "tunables.mixed={limit: 60}"])
    assert design.settings == ("core.ipc=2",)


def test_an_axis_of_an_option_stands_before_what_the_file_sets_or_varies_within_it(tmp_path):
    text = "machine: two-socket\nworkload: mixed-remote\nset: {tunables.mixed.limit: 60, scale: 1}\n"
    text += "axes: {tunables.mixed.shared: [4, 8], core.ipc: [2]}\n"
    axis = Axis("workload.tunables.mixed", ("{limit: 90, batchcount: 30, shared: 8}", "{limit: 60, batchcount: 30}"))
    design = before_file(read(tmp_path, text), [axis], [])
    assert (design.settings, [axis.path for axis in design.axes]) == (("scale=1",), ["core.ipc", axis.path])
    assert len(make_grid(design).points) == 2


@pytest.mark.parametrize("settings", [[], ["links=ring"]])
def test_a_shape_of_an_option_keeps_what_the_file_says_of_its_links(tmp_path, settings):
    text = "machine: two-socket\nworkload: mixed-remote\nset: {links.upi.latency: 60 ns}\naxes: {nodes: [2, 4]}\n"
    axes = [] if settings else [Axis("links", ("ring", "hypercube"))]
    design = before_file(read(tmp_path, text), axes, settings)
    points = make_grid(replace(design, settings=(*design.settings, *settings))).points
    assert {str(point.inputs.machine.links[0].latency) for point in points} == {"60 ns"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("points: [{core.ipc: 1, seed: 5}]", r"study.yaml:3:24: points\[0\].seed: seeds are no axis"),
        ("set: {workload.seed: 5}", r"study.yaml:3:7: set.workload.seed: seeds are no axis"),
        ("axes: {core.ipc: [2]}\npoints: [{core.ipc: 1}]", r"study.yaml:3:19: axes.core.ipc\[0\]: .* and in a point"),
        (
            "axes: {'links[0].latency': [30 ns], links.upi.latency: [x2]}",
            r"study.yaml:3:29: axes.links\[0\].latency\[0\]: 'links.upi.latency' varies as well",
        ),
        (
            "points: [{'links[0].latency': 30 ns, links.upi.latency: x2}]",
            r"study.yaml:3:11: points\[0\].links\[0\].latency: 'links.upi.latency' varies as well",
        ),
        ("axes: {core: ['{}'], core.ipc: [2]}", r"study.yaml:3:33: axes.core.ipc\[0\]: .* which varies as well"),
    ],
)
def test_axes_points_and_settings_that_cannot_be_together_are_told_with_their_place(tmp_path, text, told):
    with pytest.raises(UserError, match=told):
        make_grid(read(tmp_path, f"workload: larson\nmachine: two-socket\n{text}\n"))


JOINT = """machine: two-socket
workload: mixed-remote
points:
  - {tunables.mixed.limit: 30, tunables.mixed.batchcount: 15}
  - {tunables.mixed.limit: 60, tunables.mixed.batchcount: 15}
"""


@pytest.mark.parametrize(
    ("axes", "settings", "points"),
    [
        ([Axis("tunables.mixed.limit", ("20", "40"))], [], [("15", "20"), ("15", "40")]),
        ([], ["tunables.mixed.limit=40"], [("15", "40")]),
        ([Axis("tunables.mixed", ("{limit: 8, batchcount: 4, shared: 8}",))], [], [("4", "8")]),
    ],
)
def test_an_option_stands_before_what_the_points_of_a_file_say_of_it(tmp_path, axes, settings, points):
    design = before_file(read(tmp_path, JOINT), axes, settings)
    made = make_grid(replace(design, settings=(*design.settings, *settings))).points
    given = [point.inputs.workload.tunables["mixed"] for point in made]
    assert [(str(each.batchcount), str(each.limit)) for each in given] == points


def test_a_constraint_may_name_a_value_of_a_files_points_that_an_option_replaces(tmp_path):
    text = "workload: local-churn\npoints: [{workload.kernel.allocator: slub}]\nwhere: [allocator != slub]\n"
    axes = [Axis("workload.kernel.allocator", ("slab",)), Axis("machine", ("one-node",))]
    assert len(make_grid(before_file(read(tmp_path, text), axes, [])).points) == 1


def test_an_axis_of_a_file_gives_way_to_a_point_of_an_option(tmp_path):
    text = "machine: one-node\nworkload: local-churn\naxes: {core.ipc: [3, 4], core.ipc_cold: [2, 3]}\n"
    points = ({"core.ipc": "2"},)
    design = before_file(read(tmp_path, text), [], [], points)
    assert len(make_grid(replace(design, points=points)).points) == 2


def test_a_constraint_of_the_file_that_leaves_no_point_is_told_where_it_stands(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("machine: one-node\nworkload: local-churn\naxes: {core.ipc: [1, 2]}\nwhere:\n  - ipc > 3\n")
    design = read_experiment(file)
    with pytest.raises(UserError, match=r"study\.yaml:5:5: where\[0\]: no point is left of 2: ipc > 3"):
        make_grid(design)
    with pytest.raises(UserError, match=r"^--where: no point is left of 2: ipc > 3 and ipc > 4"):
        make_grid(replace(design, where=(*design.where, "ipc > 4")))

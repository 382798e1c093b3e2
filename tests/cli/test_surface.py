"""What new users met once: each line types what they typed and expects what they expected."""

import json
import subprocess

import pytest
from command_line import finished

from simslab.base.shipped import shipped_folder

QUICK = ("--set", "scale=0.01")
NUMACTL = "available: 1 nodes (0)\nnode 0 cpus: 0\nnode 0 size: 1024 MB\nnode distances:\nnode   0\n  0:  10\n"
MLC = """Measuring idle latencies (in ns)...
                Numa node
Numa node            0       1
       0          80.0   130.0
       1         131.0    81.0
"""
EVENT = " cp-1 [000] ..... 1.00000{}: {}: call_site=f+0x1/0x2 ptr=00000000aa"
TRACE = f"""{EVENT.format(1, "kmalloc")} bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL
{EVENT.format(2, "kfree")}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_link_of_a_machine_with_measured_latencies_is_not_changed_in_vain(simslab, refused, here):
    (here / "mlc.txt").write_text(MLC)
    assert simslab("import", "mlc", "mlc.txt", "--out", "m.yaml")[0] == 0
    assert "import mlc --links" in refused("describe", "m.yaml", "--set", "links[0].latency=60 ns")
    assert simslab("import", "mlc", "mlc.txt", "--links", "--out", "l.yaml")[0] == 0
    assert "173" in simslab("describe", "l.yaml", "--set", "links.link0-1.latency=x2".replace("x2", "46 ns"))[1]


def test_a_machine_grows_in_one_override(simslab):
    status, out, _ = simslab("describe", "two-socket", "--set", "nodes=8")
    assert status == 0
    assert "available: 8 nodes (0-7)" in out


def test_a_larger_layout_says_how_to_link_it_and_to_drop_its_distances(simslab):
    _, _, told = simslab("describe", "two-socket", "--set", "layout.packages=4")
    assert "links=all" in told
    assert "distances: null" in told


@pytest.mark.parametrize("name", ["mytrace.txt", "./mytrace.txt"])
def test_a_trace_runs_by_its_name(simslab, here, name):
    (here / "mytrace.txt").write_text(TRACE)
    status, out, _ = simslab("run", "one-node", name)
    assert status == 0
    assert out.startswith("mytrace on one-node")


def test_a_trace_that_is_set_lies_where_one_stands(simslab, here):
    (here / "mytrace.txt").write_text(TRACE)
    assert "Trace mytrace.txt" in simslab("run", "one-node", "untar-rm", "--set", "trace.file=mytrace.txt")[1]


def test_a_merged_cache_is_named_once(simslab):
    assert "mixed was merged into pool_workqueue" in simslab("run", "two-socket", "mixed-remote", *QUICK)[1]


def test_one_tunable_alone_may_be_set(simslab):
    assert simslab("run", "two-socket", "mixed-remote", *QUICK, "--set", "tunables.mixed.limit=60")[0] == 0


def test_a_result_is_no_workload(simslab, refused, here):
    assert simslab("run", "one-node", "local-churn", *QUICK, "--out", "r")[0] == 0
    for name in ("r", "r/manifest.json"):
        assert "expected `simslab reproduce r`" in refused("run", "one-node", name)


def test_a_result_of_another_machine_is_not_replaced_in_silence(simslab, here):
    assert simslab("run", "one-node", "local-churn", *QUICK, "--out", "r")[2] == ""
    assert simslab("run", "one-node", "local-churn", *QUICK, "--out", "r")[2] == ""
    _, _, told = simslab("run", "two-socket", "local-churn", *QUICK, "--out", "r")
    assert told == "simslab: r: replaces the result of local-churn on one-node\n"


def test_an_import_over_a_file_wants_force(simslab, refused, here):
    (here / "n.txt").write_text(NUMACTL)
    (here / "m.yaml").write_text("mine\n")
    assert "is there already; expected a new name, or --force" in refused(
        "import", "numactl", "n.txt", "--out", "m.yaml"
    )
    assert (here / "m.yaml").read_text() == "mine\n"
    assert simslab("import", "numactl", "n.txt", "--out", "m.yaml", "--force")[0] == 0


def test_a_table_of_ones_own_machine_says_how_to_call_it(refused, here):
    (here / "my.csv").write_text("machine,metric,from,to,state,value,unit\nmy,idle_random,0,1,,130,ns\n")
    assert refused("fit", "two-socket", "--against", "my.csv").rstrip().endswith("expected --as my")


def test_a_cache_that_the_kernel_could_not_name_is_refused_in_words(refused, here):
    step = "{pattern: alloc_free, cache: mémoire, operations: 1}"
    (here / "u.yaml").write_text(
        f"caches: {{mémoire: {{size: 100}}}}\nthreads: [{{name: a, cpus: all, steps: [{step}]}}]"
    )
    told = refused("run", "two-socket", "u.yaml")
    assert "'mémoire' cannot name a cache; expected 1 to 60 printable ASCII characters" in told
    assert "^" not in told


def test_an_arm_may_be_relative_to_the_base(simslab):
    arm = "far:links.upi.latency=x2"
    out = simslab("compare", "two-socket", "mixed-remote", *QUICK, "--seeds", 2, "--variant", arm)[1]
    assert "far: links.upi.latency=x2" in out


def test_a_relative_arm_of_nothing_is_refused_as_that_arm(refused):
    told = refused("compare", "two-socket", "mixed-remote", "--variant", "far:links.no.latency=x2")
    assert told.startswith("simslab: --variant far: links.no.latency: x2: links has no member 'no'")


def test_a_relative_arm_that_changes_nothing_is_refused_as_that_arm(simslab, refused, here):
    (here / "mlc.txt").write_text(MLC)
    simslab("import", "mlc", "mlc.txt", "--out", "m.yaml")
    told = refused("compare", "m.yaml", "mixed-remote", "--variant", "far:links[0].latency=x2")
    assert told.startswith("simslab: --variant far: links[0].latency=50 ns: changes no latency")
    told = refused("run", "two-socket", "mixed-remote", "--set", "links.upi.latency=x2")
    assert "relative values are for --axis and --variant" in told


def test_the_other_machine_is_no_variant(refused):
    arm = "m:extends=four-socket"
    assert "--axis machine=A,B" in refused("compare", "two-socket", "mixed-remote", "--variant", arm)


def test_an_arm_that_changes_nothing_is_named(simslab):
    options = (*QUICK, "--seeds", 2, "--metric", "latency.mean", "--variant")
    same = simslab("compare", "two-socket", "mixed-remote", *options, "m:links.upi.latency=26.2 ns")[1]
    assert "Arm m is the same as base" in same
    unmet = simslab("compare", "memory-only-node", "local-churn", *options, "far:nodes[1].root_port.latency=x2")[1]
    assert "Arm far: every run's operations took the base's time" in unmet


def test_machine_and_workload_the_wrong_way_round_are_told_so(simslab):
    assert "the other way round?" in simslab("run", "mixed-remote", "two-socket")[2]


def test_a_trace_has_intervals_and_says_what_its_seeds_draw(simslab, here):
    (here / "mytrace.txt").write_text(TRACE)
    options = ("--seeds", 3, "--metric", "latency.max", "--variant", "slow:dram.latency=x2")
    out = simslab("compare", "one-node", "mytrace.txt", *options)[1]
    assert "start jitter" in out


@pytest.mark.parametrize(("options", "told"), [
    (("--size", 0), "is 0; expected at least 1 byte"),
    (("--size", 200, "--flags", "HWCACHEALIGN"), "did you mean 'HWCACHE_ALIGN'?"),
])  # fmt: skip
def test_geometry_tells_mistakes_as_elsewhere(refused, options, told):
    assert told in refused("geometry", *options)


def test_inventory_and_descriptions_are_there_as_json(simslab):
    assert {"machines", "workloads"} <= set(json.loads(simslab("list", "--json")[1]))
    assert json.loads(simslab("describe", "two-socket", "--json")[1])["format"] == "simslab-machine-description"


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_piped_text_is_the_same_at_any_width(simslab, monkeypatch, columns):
    wide = simslab("run", "two-socket", "mixed-remote", *QUICK)[1]
    monkeypatch.setenv("COLUMNS", columns)
    assert simslab("run", "two-socket", "mixed-remote", *QUICK)[1] == wide


def test_several_traces_are_replayed_in_turn_and_told_apart(simslab, refused, here):
    for name in ("one.txt", "two.txt"):
        (here / name).write_text(TRACE)
    out = simslab("run", "one-node", "one.txt", "two.txt", "--set", "trace.cpus=recorded")[1]
    assert out.startswith("one+two on one-node")
    assert "Trace one.txt, two.txt" in out
    rows = out.split("\nPhases\n")[1].splitlines()[2:4]
    assert [row.split()[0] for row in rows] == ["one", "two"]
    assert "no recorded trace" in refused("run", "one-node", "local-churn", "one.txt")


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("workloads", "untar-rm.txt.gz", "kmem trace, 18155 events"),
        ("workloads", "larson.yaml", "workload"),
        ("machines", "two-socket.yaml", "machine"),
    ],
)
@pytest.mark.parametrize("way", ["by a pipe", "by redirection"])
def test_what_comes_on_standard_input_is_told_by_its_content(kind, name, told, way):
    file = shipped_folder(kind) / name
    other = "one-node" if kind == "workloads" else "larson"
    with file.open("rb") as stream, subprocess.Popen(["cat"], stdin=stream, stdout=subprocess.PIPE) as cat:
        pipe = cat.stdout if way == "by a pipe" else file.open("rb")
        with pipe:
            status, out, err = finished("check", "/dev/stdin", other, stdin=pipe)
    assert (status, err) == (0, "")
    assert f"/dev/stdin: ok, {told}" in out
    assert " on " in out.splitlines()[-1]

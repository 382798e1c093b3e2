"""Every command of the README and of docs/ does what it says; the two that install are what CI runs."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ran_in
from key_table import with_tables

from simslab.base.shipped import KINDS
from simslab.instruments.exchange.importer import import_hwloc
from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
APART = {"figures", "tutorials"}  # their commands build on one another: tests/test_docs.py
DOCS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").glob("*.md"))
    if path.stem not in APART
}
BLOCKS = [block for text in (README, *DOCS.values()) for block in re.findall(r"```sh\n(.*?)```", text, re.S)]
PYTHON = [block for text in (README, *DOCS.values()) for block in re.findall(r"```python\n(.*?)```", text, re.S)]
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
# One file of each kind: tests/conform/ compares them all, the paths of a kernel for half a minute.
RECORDED = (
    "README.md",
    "cache_geometry",
    "caches-1n1c",
    "cachenodes-1n1c",
    "kmalloc",
    "reaplog",
    "trace-1n1c-h256",
    "topology-1n1c",
)
GOLDEN = sorted(path for path in (ROOT / "tests" / "golden").iterdir() if path.name.startswith(RECORDED))
SIMSLAB = [command for command in COMMANDS if command.startswith("simslab ")]
INSTALLS = [command for command in COMMANDS if command.startswith("pip ")]


def test_the_readme_has_commands_and_no_others():
    assert len(SIMSLAB) >= 8
    assert sorted(SIMSLAB + INSTALLS) == sorted(COMMANDS)


NUMACTL = """available: 2 nodes (0-1)
node 0 cpus: 0 1
node 0 size: 1024 MB
node 1 cpus: 2 3
node 1 size: 2048 MB
node distances:
node   0   1
  0:  10  21
  1:  21  10
"""
MLC = """Intel(R) Memory Latency Checker - v3.9
Measuring idle latencies for sequential access (in ns)...
\t\tNuma node
Numa node\t     0\t     1\t
       0\t  80.0\t 140.0\t
       1\t 140.0\t  80.0\t
"""
TABLE = """machine,metric,from,to,state,value,unit
two-socket,dram_idle_latency,node0,node0,random,90,ns
two-socket,dram_idle_latency,node0,node1,random,150,ns
two-socket,dram_idle_latency,node1,node0,random,151,ns
two-socket,dram_idle_latency,node1,node1,random,89,ns
"""


@pytest.fixture
def simslab(tmp_path):
    """Return a function that runs a command of the README in a folder with what it reads, and returns its output."""
    for folder in KINDS:
        (tmp_path / folder).symlink_to(ROOT / folder)
    golden = tmp_path / "tests" / "golden"
    golden.mkdir(parents=True)
    for path in GOLDEN:
        (golden / path.name).symlink_to(path)
    (tmp_path / "numactl.txt").write_text(NUMACTL)
    (tmp_path / "mlc.txt").write_text(MLC)
    (tmp_path / "mine.csv").write_text(TABLE)
    return lambda command: ran_in(tmp_path, command)


def stores_written(command):
    return "--store " in command or command.startswith("simslab store merge")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A folder with the stores that commands of the documentation make, and what each of them printed."""
    folder = tmp_path_factory.mktemp("stores")
    return folder, {command: ran_in(folder, command) for command in SIMSLAB if stores_written(command)}


def words(command):
    return shlex.split(command, comments=True)[1:]


def ran(out, tmp_path):
    """A run with all its tables and files, as the README lists them."""
    assert out.startswith("mixed-remote on two-socket, seed 1\n")
    for table in ("Latency (ns)", "Where the cycles", "Locks", "Interrupts off"):
        assert table in out
    assert "live: holds" in out
    results = tmp_path / "results" / "mixed-remote"
    names = {path.name for path in results.iterdir()}
    assert {"result.json", "manifest.json", "slabinfo.txt", "latency.csv"} <= names
    assert {".hgrm", ".pdf", ".png"} <= {Path(name).suffix for name in names}
    result = json.loads((results / "result.json").read_text())
    assert result["format"] == "simslab-result"
    assert result["derived"]["operations"] > 100_000
    assert (results / "slabinfo.txt").read_text().startswith("slabinfo - version: 2.1\n")


def found(out, tmp_path):
    for text in ("memory outside object was overwritten", "Slab corruption (Tainted: G    B", "Single bit error"):
        assert text in out.split("Kernel log:")[1]
        assert text in (tmp_path / "results" / "memory-bugs" / "dmesg.txt").read_text()


def told_by_phase(out, _):
    rows = out.split("\nPhases\n")[1].splitlines()[2:4]
    assert [row.split()[0] for row in rows] == ["tar", "rm"]


def ran_changed(out, _):
    operations = int(re.search(r"^([\d,]+) operations", out, re.M)[1].replace(",", ""))
    assert 0 < operations <= 0.2 * 8 * 2 * 10_000


def listed(out, _):
    names = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert names == {path.stem for kind in KINDS for path in (ROOT / kind).glob("*.yaml")}


def described(out, _):
    assert "32 CPUs: 2 packages x 16 cores" in out
    assert "available: 2 nodes (0-1)" in out


def grown(out, _):
    assert "available: 8 nodes (0-7)" in out
    assert "node 0 - node 4: 26.2 ns" in out


def drawn(out, tmp_path):
    assert "4 packages" in out
    assert (tmp_path / "four-socket.png").read_bytes().startswith(b"\x89PNG")


def schema_of(key):
    def is_schema(out, _):
        assert key in json.loads(out)["properties"]

    return is_schema


def imported(name, nodes, cpus):
    def is_machine(out, tmp_path):
        topology = build_topology(load_machine(str(tmp_path / name)))
        assert (out, len(topology.nodes), len(topology.cpus)) == ("", nodes, cpus)
        assert "# estimate" in (tmp_path / name).read_text()

    return is_machine


def exported(out, tmp_path):
    assert out == ""
    back = tmp_path / "back.yaml"
    back.write_text(import_hwloc(tmp_path / "two-socket.xml"))
    machines = [load_machine(name) for name in (str(back), "two-socket")]
    topologies = [build_topology(machine) for machine in machines]
    assert topologies[0] == topologies[1]
    assert build_timing(machines[0], topologies[0]) == build_timing(machines[1], topologies[1])


def checked(out, _):
    workload, machine = "workloads/mixed-remote.yaml", "machines/two-socket.yaml"
    assert out == f"{workload}: ok, workload\n{machine}: ok, machine\n{workload} on {machine}: ok\n"


def compared(out, _):
    for arm in ("small", "far"):
        assert re.search(rf"\b{arm}\b", out)
    assert re.search(r"95\s?%", out)


def both_allocators(out, _):
    assert "slub: workload.kernel.allocator=slub" in out
    assert re.search(r"latency.mean \(ns\) +(?:higher|lower|noise)", out)


def conformed(out, _):
    assert re.search(r"[\d,]+ fields compared: no differences", out)
    assert {line.partition(":")[0] for line in out.splitlines()} >= {path.name for path in GOLDEN}


def explained(out, _):
    """Objects of 200 bytes at lines of 64: 16 a page, their freelist in a free one of them, and why."""
    slab, freelist, colours, *_, considered, only = out.splitlines()[1:]
    assert out.startswith("object 200 bytes, aligned to 64, every 256 bytes\n")
    assert slab.startswith("slab of order 0 (4096 bytes): 16 objects")
    assert freelist.endswith("(OBJFREELIST)")
    assert colours.startswith("0 colours")
    assert considered == "considered:"
    assert "* OBJFREELIST order 0: 16 objects" in only


def measured(out, _):
    """Both matrices of idle latencies are those of the machine file, a part from others' caches stands beside them."""
    spec = load_machine("two-socket")
    timing = build_timing(spec, build_topology(spec))
    rows = re.findall(r"^ +(\d) +(\d+\.\d) +(\d+\.\d)$", out, re.M)
    assert [row[0] for row in rows] == ["0", "1"] * 2
    for node, *latencies in rows:
        known = [timing.dram_latency(int(node), other) * 1e9 / spec.core.frequency for other in (0, 1)]
        assert [float(ns) for ns in latencies] == pytest.approx(known, rel=0.01)
    modified = {name: float(ns) for name, ns in re.findall(r"^(same L3|other package) +(\d+\.\d) +\d", out, re.M)}
    assert 0 < modified["same L3"] < modified["other package"]


def lock_measured(out, _):
    assert "critical section 100 ns" in out
    assert re.search(r"^ +32( +\d+\.\d+){3} +0$", out, re.M)


def transitions(out, _):
    assert re.search(r"^M +other reads +any +S .*writes them home$", out, re.M)


def fitted(out, tmp_path):
    assert "prediction: the 1 cells held out" in out
    assert "# fitted: dram.latency was" in (tmp_path / "fitted.yaml").read_text()
    assert 60 < load_machine(str(tmp_path / "fitted.yaml")).dram.latency.nanoseconds(1) < 64


def swept(*metrics):
    def has_swept(out, _):
        for metric in metrics:
            assert re.search(rf"^{re.escape(metric)} \(.*is better$", out, re.M)
        assert "paired by seed" in out

    return has_swept


def shown(out, _):
    assert "  tunables.mixed.limit: 30, 60, 120\n" in out


def made_again(out, _):
    assert out == "4 of 4 runs: identical\n"


def tidy(out, tmp_path):
    lines = (tmp_path / "limits.csv").read_text().splitlines()
    assert "tunables.mixed.limit" in lines[0]
    assert len(lines) > 50


MERGED = ("limits", "machines")


def cells_in(store):
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        return len(opened.cells())


def merged(out, tmp_path):
    assert out == "all.db: {0} cells, {0} runs\n".format(sum(cells_in(tmp_path / f"{name}.db") for name in MERGED))


def dumped(out, tmp_path):
    lines = [json.loads(line) for line in out.splitlines()]
    assert sum("seed" in line for line in lines) == cells_in(tmp_path / "all.db") > 0


def metrics_listed(out, _):
    from simslab.experiment.figures.metrics import families

    assert {family.name for family in families()} <= {line.split()[0] for line in out.splitlines() if line}


def terms(out, _):
    assert out.startswith("irq_mask (cause): ")


def asked(out, tmp_path):
    swept("latency.mean:free", "throughput")(out, tmp_path)
    assert (tmp_path / "what-if.pdf").read_bytes().startswith(b"%PDF")
    assert len((tmp_path / "what-if.csv").read_text().splitlines()) == 1 + 2 * 6


def plotted(out, tmp_path):
    assert b"/Type3" not in (tmp_path / "latency.pdf").read_bytes()
    assert (tmp_path / "latency.csv").read_text().startswith("panel,series,from_ns,to_ns")


def tuned(out, _):
    assert re.search(r"^Recommended", out, re.M)
    assert re.search(r'^echo "pool_workqueue \d+ \d+ \d+" > /proc/slabinfo$', out, re.M)


# Each command, by its first words, and what it must have done.
KEPT = {
    "run two-socket mixed-remote --out": ran,
    "run two-socket mixed-remote --set scale=0.1 --plot": plotted,
    "run two-socket memory-bugs": found,
    "run two-socket mixed-remote --set": ran_changed,
    "run two-socket untar-rm --set": told_by_phase,
    "list": listed,
    "describe two-socket --set nodes=8": grown,
    "describe two-socket": described,
    "describe four-socket --draw": drawn,
    "schema machine": schema_of("layout"),
    "schema workload": schema_of("threads"),
    "import hwloc": imported("mine.yaml", 4, 48),
    "import numactl": imported("rome.yaml", 2, 4),
    "import mlc mlc.txt --out": imported("mlc.yaml", 2, 32),
    "import mlc mlc.txt --links": imported("links.yaml", 2, 32),
    "export hwloc": exported,
    "check": checked,
    "compare two-socket mixed-remote --variant slub": both_allocators,
    "compare": compared,
    "conform tests/golden": conformed,
    "geometry": explained,
    "measure two-socket --part latency": measured,
    "measure two-socket --part lock": lock_measured,
    "fit two-socket": fitted,
    "protocol mesif": transitions,
    "sweep two-socket mixed-remote --set scale=0.05": asked,
    "sweep two-socket mixed-remote --set scale=0.02 --axis tunables.mixed.limit=30,60,120": swept(
        "latency.p99", "throughput", "lock.wait:alien_lock"
    ),
    "sweep two-socket mixed-remote --set scale=0.02 --axis tunables.mixed.limit=30,60 ": swept("latency.p99"),
    "sweep mixed-remote": swept("latency.p99"),
    "store show": shown,
    "reproduce": made_again,
    "store export": tidy,
    "store merge": merged,
    "store dump": dumped,
    "metrics": metrics_listed,
    "explain": terms,
    "tune": tuned,
}


def promise(command):
    return next((kept for start, kept in KEPT.items() if f"{' '.join(words(command))} ".startswith(start)), None)


def test_every_command_has_its_promise_and_every_promise_its_command():
    assert [command for command in SIMSLAB if promise(command) is None] == []
    assert {promise(command) for command in SIMSLAB} == set(KEPT.values())


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.splitlines()[2][:40])
def test_an_example_in_python_runs(block, tmp_path):
    script = tmp_path / "example.py"
    script.write_text(block, encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("name", DOCS)
def test_experiments_of_the_docs_are_valid(name, tmp_path):
    from simslab.experiment.grid.design import make_grid
    from simslab.experiment.grid.experiment_file import read_experiment

    for block in re.findall(r"```yaml\n(.*?)```", DOCS[name], re.S):
        if "axes:" in block:
            (tmp_path / "study.yaml").write_text(block, encoding="utf-8")
            assert len(make_grid(read_experiment(tmp_path / "study.yaml")).points) > 1


@pytest.mark.parametrize("command", SIMSLAB, ids=lambda command: " ".join(words(command)[:3]))
def test_a_command_of_the_readme_does_what_it_says(command, simslab, tmp_path, request):
    if "lstopo.xml" in command:
        simslab("simslab export hwloc four-socket --out lstopo.xml")
    printed = None
    if stores_written(command) or command.startswith(("simslab store", "simslab reproduce")):
        folder, outputs = request.getfixturevalue("stores")
        printed = outputs.get(command)
        for written in filter(Path.is_file, folder.iterdir()):
            shutil.copy(written, tmp_path)
    promise(command)(simslab(command) if printed is None else printed, tmp_path)


def test_the_table_of_keys_is_what_the_declarations_say():
    assert with_tables(README) == README, "run `python tools/key_table.py`"
    assert "| `core.forward` |" in README


def test_ci_runs_the_two_installing_commands():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert len(INSTALLS) == 2
    for part in ("simslab run two-socket untar-rm", "[test", "pytest"):
        assert part in script
        assert any(part in command for command in INSTALLS)


def test_yaml_blocks_of_the_readme_are_valid(tmp_path):
    from simslab.workload.description.library import load_workload

    blocks = re.findall(r"```yaml\n(.*?)```", README, re.S)
    assert len(blocks) >= 3
    for number, block in enumerate(blocks):
        file = tmp_path / f"block{number}.yaml"
        file.write_text(block, encoding="utf-8")
        if "layout:" in block:
            assert load_machine(str(file)).name
        elif "trace:" not in block:
            assert load_workload(str(file)).threads

"""What is fuzzed: for each kind of input a strategy and a function that takes an input the way a command does."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from fuzzing import mutations
from simslab.base.documents.yamlfile import overridden, parse_yaml
from simslab.base.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
MOST_OPERATIONS = 2_000  # of a workload that is run; larger ones are refused, as those of 2^28 are
MOST_CPUS = 16  # of a machine that is booted


@dataclass(frozen=True)
class Target:
    """A kind of input: its strategy, what is done with one, and its share of all inputs."""

    strategy: Callable[[], st.SearchStrategy[Any]]
    take: Callable[[Any], object]
    share: int = 4


@cache
def folder() -> Path:
    """Return a folder for this process's input files."""
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))


def written(name: str, content: str | bytes) -> Path:
    """Return a file with this content."""
    path = folder() / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    return path


def shipped(kind: str) -> list[Path]:
    """Return the shipped machines or workloads."""
    return sorted((ROOT / kind).glob("*.yaml"))


def yaml_trees(kind: str) -> list[Any]:
    """Return the shipped files of a kind as trees, those alone that extend nothing and replay nothing."""
    read = [yaml.safe_load(path.read_text()) for path in shipped(kind)]
    return [tree for tree in read if "extends" not in tree and "trace" not in tree]


# -- machines and workloads -------------------------------------------------------------------------------------------


def take_machine(tree: Any) -> None:
    """Check a machine, describe it, and run a little on a small one."""
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import build_timing
    from simslab.machine.topology.topology import build_topology
    from simslab.report.machine.describe import describe

    _, spec = overridden(parse_yaml(_dumped(tree), "m.yaml"), MachineSpec, ())
    topology = build_topology(spec)
    describe(spec, topology, build_timing(spec, topology))
    if len(topology.cpus) <= MOST_CPUS and not len(str(tree)) % 3:  # booting takes longer than all the rest
        run_small(spec, small_workload())


def take_workload(tree: Any) -> None:
    """Check a workload, and run it on a small machine if it is small."""
    from simslab.workload.description.spec import Workload

    document, workload = overridden(parse_yaml(_dumped(tree), "w.yaml"), Workload, ())
    if workload.trace is None:
        run_small(small_machine(), workload, document)


def run_small(spec: Any, workload: Any, document: Any = None) -> None:
    """Run a workload of few operations; UserError, or SimslabError for one that gets stuck."""
    from simslab.workload.run.runner import run_workload
    from simslab.workload.streams import making

    making.MAX_OPERATIONS = MOST_OPERATIONS
    run_workload(spec, workload, document=document)


@cache
def small_workload() -> Any:
    """Return a workload of a few operations on two CPUs at most."""
    from simslab.workload.description.spec import Workload

    steps = [{"pattern": "alloc_free", "cache": "c", "operations": 40, "live": 20}]
    return Workload.model_validate(
        {"name": "w", "caches": {"c": {"size": 256}}, "threads": [{"name": "t", "cpus": "all", "steps": steps}]}
    )


@cache
def small_machine() -> Any:
    """Return a machine of two nodes and four CPUs."""
    from simslab.machine.library import load_machine

    return load_machine("two-socket", ["layout.cores=2", "layout.threads=1", "nodes[0].memory=1 GiB"])


def _dumped(tree: Any) -> str:
    text: str = yaml.safe_dump(tree, allow_unicode=False, default_flow_style=None, width=200)
    return text


def take_yaml_text(text: str) -> None:
    """Read a text as YAML and check it as a machine and as a workload."""
    from simslab.machine.spec import MachineSpec
    from simslab.workload.description.spec import Workload

    for model in (MachineSpec, Workload):
        try:
            overridden(parse_yaml(text, "x.yaml"), model, ())
        except UserError:
            continue


def take_settings(text: str) -> None:
    """Take a text as --set, as --variant and as --axis."""
    from simslab.experiment.grid.axes import parse_axis, parse_point
    from simslab.experiment.grid.constraints import parse_constraint
    from simslab.experiment.grid.design import Design, make_grid
    from simslab.experiment.inputs import load_inputs
    from simslab.experiment.running.precision import parse_precision
    from simslab.experiment.sweep import parse_shard
    from simslab.experiment.variants import load_arm, parse_variants

    def varied() -> None:
        for variant in parse_variants([text]):
            load_arm("one-node", "local-churn", (), variant)

    def gridded() -> None:
        make_grid(Design("one-node", "local-churn", axes=(parse_axis(text),)))

    def constrained() -> None:
        parse_constraint(text, ["core.ipc", "scale"]).holds({"core.ipc": "2", "scale": "0.5"})

    for take in (
        lambda: load_inputs("one-node", "local-churn", [text]), varied, gridded, constrained,
        lambda: parse_point(text), lambda: parse_precision(text), lambda: parse_shard(text),
    ):  # fmt: skip
        try:
            take()
        except UserError:
            continue


SETTINGS = (
    "core.ipc=2", "l2.size=1 MiB", "scale=0.1", "threads[0].steps[1].operations=10", "nodes[0].memory=2 GiB",
    "tunables.churn={limit: 30, batchcount: 15}", "far:links.upi.latency=120 ns,core.ipc=2", "core.ipc=1,2,x1.5",
    "links[0].latency=+20 ns,x2", "machine=one-node,two-socket", "batchcount <= limit", "core.ipc * 2 < scale + 1",
    "1%", "1/3", "caches.churn.size=8", "seed=1",
)  # fmt: skip


# -- traces -----------------------------------------------------------------------------------------------------------


def take_trace(text: str) -> None:
    """Read a recorded trace, and replay it on a small machine both ways."""
    from simslab.experiment.inputs import load_inputs
    from simslab.workload.trace.pairing import read_paired

    path = written("t.txt", text)
    read_paired(path)
    for timing in ("asap", "recorded")[: 1 + (len(text) % 4 == 0)]:
        inputs = load_inputs("one-node", str(path), [f"trace.timing={timing}", "workload.kernel.reap=false"])
        run_small(inputs.machine, inputs.workload, inputs.workload_document)


def trace_texts() -> list[str]:
    """Return recordings of every layout, their first lines."""
    found = [path.read_text(errors="replace") for path in sorted((TESTS / "workload/trace/recorded").iterdir())]
    for name in ("untar-rm", "hackbench-sockets"):
        with gzip.open(ROOT / "workloads" / f"{name}.txt.gz", "rt") as stream:
            found.append("".join(itertools.islice(stream, 40)))
    return [text[:6000] for text in found]


TRACE_WORDS = (
    *mutations.WORDS, "ptr=", "(null)", "0x0", "ffff888000000000", "bytes_req=0", "bytes_alloc=99999999999", "node=-1",
    "node=7", "gfp_flags=GFP_KERNEL|__GFP_ZERO", "gfp_flags=0xffffffffffffffff", "[mod]", "CPU:3 [LOST 12 EVENTS]",
    "kmem_cache_free:", "kmalloc:", "kfree:", "mm_page_alloc:", "[065536]", "99999999999.000001:", "=>",
    "accounted=true", "name=kmalloc-64",
)  # fmt: skip


# -- other tools' machines --------------------------------------------------------------------------------------------


def importing(kind: str, suffix: str) -> Callable[[str], None]:
    """Return what imports a text and checks the machine that came of it."""

    def take(text: str) -> None:
        from simslab.instruments.exchange import importer
        from simslab.machine.spec import MachineSpec

        made = getattr(importer, f"import_{kind}")(written(f"x.{suffix}", text))
        try:
            overridden(parse_yaml(made, "m.yaml"), MachineSpec, ())
        except UserError as error:
            raise AssertionError(f"was imported and is refused: {error}") from None

    return take


def case_texts(suffix: str, begins: str = "") -> list[str]:
    """Return the small inputs of the importers' tests."""
    texts = [path.read_text() for path in sorted((TESTS / "instruments/exchange/cases").glob(f"*.{suffix}"))]
    return [text for text in texts if begins in text]


def runs_of_mlc() -> list[str]:
    """Return the two runs of MLC that a case holds."""
    (both,) = case_texts("txt", "latencies")
    begin = both.index("Measuring idle", both.index("Measuring idle") + 1)
    return [both[:begin], both[begin:]]


@cache
def exported() -> list[str]:
    """Return a few machines as lstopo would write them."""
    from simslab.instruments.exchange.hwloc.export import export_hwloc
    from simslab.machine.library import load_machine

    return [export_hwloc(load_machine(name)) for name in ("one-node", "memory-only-node", "knights-landing")]


# -- tables and records -----------------------------------------------------------------------------------------------

TABLE = """machine,metric,from,to,state,value,unit
m,l1_latency,,,,4,cycles
m,l2_latency,,,,14,cycles
m,dram_idle_latency,node0,node0,random,80,ns
m,dram_idle_latency,node0,node1,,130-140,ns
m,c2c_latency,node0,node1,M,100,ns
m,slit_row,node0,,,10 21,
m,dram_read_bandwidth_scan,4 cores,node0,,50,GB/s
m,dram_loaded_latency,node0,node0,total_bw=30,90,ns
m,link_bandwidth,node0,node1,,30,GB/s
m,l3_bandwidth,8 cores,,read,200,GB/s
m,page_walk,,,,30,cycles
m,lock_handover,core,core,,50,ns
"""


def take_table(text: str) -> None:
    """Read a table of published figures, and say what each row asks, without measuring."""
    from simslab.instruments.reference.answers import Answers
    from simslab.instruments.reference.reference import judge, read_table, rows_of
    from simslab.report.machine.measure_text import comparison_json, comparison_text

    path = written("t.csv", text)
    rows = rows_of(read_table(path), ["m"], path)
    answers = Answers(small_machine())
    answers.keep = lambda key, measure: 1.0  # type: ignore[method-assign]
    found = answers.answer([row for row in rows if row.metric not in SLOW])
    comparison_text(found)
    comparison_json(found)
    judge(answer for answer in found if hasattr(answer, "kind"))


SLOW = frozenset({"dram_loaded_latency", "dram_read_bandwidth_scan", "l1_latency", "l2_latency", "l3_bandwidth"})


def take_golden(pair: tuple[str, str]) -> None:
    """Check a golden file of that name."""
    from simslab.conform.dispatch import conform

    conform(written(pair[0], pair[1]))


def golden() -> st.SearchStrategy[tuple[str, str]]:
    """Return the first lines of golden files, edited."""
    texts: dict[str, str] = {}
    for path in sorted([*(TESTS / "golden").iterdir(), *(TESTS / "golden-slub").iterdir()]):
        if path.suffix == ".md" or path.name.startswith(
            ("instruction", "path_access", "decay", "trace-2n4c1m-s32t-long")
        ):
            continue  # paths are compared in a process of their own
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
            texts[path.name.removesuffix(".gz")] = "".join(itertools.islice(stream, 12))
    parts = [
        st.tuples(st.just(name), (mutations.json_lines if ".jsonl" in name else mutations.documents)([text]))
        for name, text in texts.items()
    ]
    return st.one_of(parts)


# -- what simslab wrote itself ----------------------------------------------------------------------------------------


@cache
def result() -> Path:
    """Return the directory of a small run."""
    from simslab.experiment.inputs import load_inputs
    from simslab.experiment.run import run_once

    out = folder() / "result"
    run_once(load_inputs("two-socket", "local-churn", ["scale=0.002", "layout.cores=2"]), None, out)
    return out


def take_result(tree: Any) -> None:
    """Show a stored result, its views and its page's tables."""
    from simslab.report.run.summary import summary_text
    from simslab.report.views.all_views import VIEWS, view_text
    from simslab.result.latency import latency_csv
    from simslab.result.result_file import from_json

    measurement = from_json(json.dumps(tree))
    summary_text(measurement)
    latency_csv(measurement)
    for view in VIEWS:
        try:
            view_text(measurement, view)
        except UserError:
            continue


def take_manifest(tree: Any) -> None:
    """Compare the manifest with the one of a run, and look at what it would be reproduced from."""
    from simslab.experiment import reproduce
    from simslab.report.difference import input_differences
    from simslab.result.directory import check_replaceable
    from simslab.result.stored import stored

    place = folder() / "manifest"
    place.mkdir(exist_ok=True)
    (place / "manifest.json").write_text(json.dumps(tree))
    found = stored(place)
    input_differences(found.manifest, stored(result()).manifest)
    for take in (lambda: check_replaceable(place), lambda: reproduce.inputs_of(found)):
        try:
            take()
        except UserError:
            continue


@cache
def store() -> bytes:
    """Return a store with a few results."""
    from simslab.experiment.grid.axes import parse_axis
    from simslab.experiment.grid.design import Design, make_grid
    from simslab.experiment.store.store import Store
    from simslab.experiment.sweep import sweep

    path = folder() / "made.db"
    with Store.create(path) as opened:
        axes = (parse_axis("core.ipc=1,2"),)
        sweep(make_grid(Design("one-node", "local-churn", axes=axes, settings=("scale=0.002",))), opened)
    return path.read_bytes()


def take_store(data: bytes) -> None:
    """Tell what a store holds, in every form."""
    from simslab.experiment.store.contents import contents_text
    from simslab.experiment.store.dump import dump_lines
    from simslab.experiment.store.export import csv_text, json_lines
    from simslab.experiment.store.store import Store

    with Store.open(written("s.db", data)) as opened:
        for tell in (contents_text, csv_text, json_lines, lambda each: io.StringIO().writelines(dump_lines(each))):
            try:
                tell(opened)
            except UserError:
                continue


def of_result(name: str) -> st.SearchStrategy[Any]:
    """Return a file of a result, edited as a tree."""
    return mutations.trees([json.loads((result() / name).read_text())])


TARGETS = {
    "machines": Target(lambda: mutations.trees(yaml_trees("machines")), take_machine, 6),
    "workloads": Target(
        lambda: mutations.trees([{**tree, "scale": 0.001} for tree in yaml_trees("workloads")]), take_workload, 6
    ),
    "YAML text": Target(
        lambda: mutations.documents([path.read_text() for kind in ("machines", "workloads") for path in shipped(kind)]),
        take_yaml_text, 2,
    ),
    "settings": Target(lambda: mutations.texts(SETTINGS), take_settings, 6),
    "traces": Target(lambda: mutations.documents(trace_texts(), TRACE_WORDS), take_trace, 8),
    "lstopo": Target(lambda: mutations.documents([*case_texts("xml"), *exported()]), importing("hwloc", "xml"), 4),
    "numactl": Target(lambda: mutations.documents(case_texts("txt", "available:")), importing("numactl", "txt"), 4),
    "MLC": Target(lambda: mutations.documents(runs_of_mlc()), importing("mlc", "txt"), 4),
    "tables": Target(lambda: mutations.documents([TABLE]), take_table, 4),
    "golden files": Target(golden, take_golden, 4),
    "results": Target(lambda: of_result("result.json"), take_result, 4),
    "manifests": Target(lambda: of_result("manifest.json"), take_manifest, 2),
    "stores": Target(lambda: mutations.files([store()]), take_store, 2),
}  # fmt: skip

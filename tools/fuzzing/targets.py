"""What is fuzzed: for each kind of input a strategy and a function that takes an input the way a command does."""

from __future__ import annotations

import copy
import gzip
import io
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzzing import mutations
from fuzzing.corpus import (
    SETTINGS,
    TABLE,
    TESTS,
    TRACE_WORDS,
    case_texts,
    exported,
    runs_of_mlc,
    shipped,
    trace_texts,
    yaml_trees,
)
from fuzzing.quick_yaml import dumped, parsed, quick_scanner
from simslab.base.documents.yamlfile import overridden, parse_yaml
from simslab.base.errors import UserError

MOST_OPERATIONS = 2_000  # of a workload that is run; larger ones are refused, as those of 2^28 are
MOST_CPUS = 16  # of a machine that is booted
FEW = 8  # rows of a result's long lists
CHUNK = 500  # inputs that are drawn with one seed


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


# -- machines and workloads -------------------------------------------------------------------------------------------


def take_machine(tree: Any) -> None:
    """Check a machine, describe it, and run a little on a small one."""
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import build_timing
    from simslab.machine.topology.topology import build_topology
    from simslab.report.machine.describe import describe

    _, spec = overridden(parsed(dumped(tree), "m.yaml"), MachineSpec, ())
    topology = build_topology(spec)
    describe(spec, topology, build_timing(spec, topology))
    if len(topology.cpus) <= MOST_CPUS and not len(str(tree)) % 3:  # booting takes longer than all the rest
        run_small(spec, small_workload())


def take_workload(tree: Any) -> None:
    """Check a workload, and run it on a small machine if it is small."""
    from simslab.workload.description.spec import Workload

    document, workload = overridden(parsed(dumped(tree), "w.yaml"), Workload, ())
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


@cache
def two_cpus() -> Any:
    """Return a machine of one node and two CPUs."""
    from simslab.machine.library import load_machine

    return load_machine("one-node", ["layout.cores=2", "layout.threads=1"])


@cache
def shared_reader() -> Any:
    """Return a reader that reads the shipped files of a command once, as that of an experiment does."""
    from simslab.experiment.inputs import InputReader

    return InputReader()


def take_yaml_text(text: str) -> None:
    """Read a text as YAML and check it as a machine and as a workload."""
    from simslab.machine.spec import MachineSpec
    from simslab.workload.description.spec import Workload

    document = parse_yaml(text, "x.yaml")
    for model in (MachineSpec, Workload):
        try:
            overridden(copy.deepcopy(document), model, ())
        except UserError:
            continue


def take_settings(text: str) -> None:
    """Take a text as --set, as --variant and as --axis."""
    from simslab.experiment.grid.axes import parse_axis, parse_point
    from simslab.experiment.grid.constraints import parse_constraint
    from simslab.experiment.grid.design import Design, make_grid
    from simslab.experiment.running.precision import parse_precision
    from simslab.experiment.sweep import parse_shard
    from simslab.experiment.variants import load_arm, parse_variants

    reader = shared_reader()

    def varied() -> None:
        for variant in parse_variants([text]):
            load_arm("one-node", "local-churn", (), variant, reader)

    def gridded() -> None:
        make_grid(Design("one-node", "local-churn", axes=(parse_axis(text),)), reader)

    def constrained() -> None:
        parse_constraint(text, {"core.ipc": ["2"], "scale": ["0.5"]}).holds({"core.ipc": "2", "scale": "0.5"})

    for take in (
        lambda: reader.load("one-node", "local-churn", [text]), varied, gridded, constrained,
        lambda: parse_point(text), lambda: parse_precision(text), lambda: parse_shard(text),
    ):  # fmt: skip
        try:
            take()
        except UserError:
            continue


# -- traces -----------------------------------------------------------------------------------------------------------


def take_trace(text: str) -> None:
    """Read a recorded trace, and replay it on a small machine both ways."""
    from simslab.experiment.inputs import InputReader
    from simslab.workload.trace.pairing import read_paired

    path = written("t.txt", text)
    read_paired(path)
    for timing in ("asap", "recorded")[: 1 + (len(text) % 4 == 0)]:
        document, workload, _ = InputReader().load_workload(str(path), [f"trace.timing={timing}", "kernel.reap=false"])
        run_small(two_cpus(), workload, document)


# -- other tools' machines --------------------------------------------------------------------------------------------


@cache
def template(name: str) -> Any:
    """Return the machine whose figures stand in for those that another tool does not tell."""
    from simslab.machine.library import load_machine

    return load_machine(name)


def importing(kind: str, suffix: str) -> Callable[[str], None]:
    """Return what imports a text and checks the machine that came of it."""

    def take(text: str) -> None:
        from simslab.instruments.exchange import importer
        from simslab.machine.spec import MachineSpec

        importer.load_machine = template  # read once
        with quick_scanner():
            made = getattr(importer, f"import_{kind}")(written(f"x.{suffix}", text))
        try:
            overridden(parsed(made, "m.yaml"), MachineSpec, ())
        except UserError as error:
            raise AssertionError(f"was imported and is refused: {error}") from None

    return take


# -- tables and records -----------------------------------------------------------------------------------------------


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
    """Return a file of a result, edited as a tree; of its hundreds of locks and sites a few."""
    tree = json.loads((result() / name).read_text())
    for rows in ("locks", "irqs_off"):
        if rows in tree.get("measurement", {}):
            del tree["measurement"][rows][FEW:]
    return mutations.trees([tree])


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


@cache
def strategy_of(name: str) -> st.SearchStrategy[Any]:
    """Return the strategy of a kind, made once in a process."""
    return TARGETS[name].strategy()


def chunks(names: Iterable[str], inputs: int, seed: int) -> list[tuple[str, int, int]]:
    """Return (kind, inputs, seed) of about CHUNK inputs each: all inputs, shared out among kinds, each by its share."""
    chosen = list(names)
    shares = sum(TARGETS[name].share for name in chosen)
    found = []
    for name in chosen:
        left = max(1, inputs * TARGETS[name].share // shares)
        parts = -(-left // CHUNK)
        found += [(name, left // parts + (part < left % parts), 1000 * seed + part) for part in range(parts)]
    return found

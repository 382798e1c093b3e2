"""What `--json` prints of each command, as models; `simslab schema` prints them as JSON Schema.

Parts that are records of the program stand in the models as they are: extra keys are refused in them, too.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from simslab.instruments.measure.atomic_inc import AtomicPoint
from simslab.instruments.measure.chase import ChasePoint, LevelLatency
from simslab.instruments.measure.loaded import LoadPoint
from simslab.instruments.measure.lock import LockMeasurement
from simslab.instruments.measure.transfer import HomeLatencies
from simslab.instruments.protocol_tables import Transition
from simslab.instruments.reference.reference import Row, Skipped, Verdict
from simslab.report.comparison.tuning_text import TuningRow
from simslab.report.json_checks import (
    CheckFile,
    ConformanceFile,
    ContentsFile,
    DifferencesFile,
    ReproductionFile,
    Told,
    ValidationFile,
)
from simslab.report.json_written import ArtifactFile, MergedFile, ParametersFile, ViewFile, WorstFile, WrittenFile
from simslab.slab.creation.geometry import Attempt

Numbers = list[list[float | None]]


class Counted(Told):
    """Exact counts of latencies: `counts[i]` operations took `cycles[i]`."""

    cycles: list[int] = Field(description="ascending, each once")
    counts: list[int]


class ArmFile(Counted):
    """One arm: what it changes, and the latencies of all its operations over all seeds."""

    name: str
    settings: list[str] = Field(description="path=value beyond the common settings")
    frequency_hz: int
    operations: int
    latency_ns: dict[str, float] = Field(description="mean, p50, p90, p99, p99.9, max")
    latency_cycles: dict[str, float]
    by_operation: dict[str, Counted]


class ThreeFile(Told):
    """The mean difference and its 95 % interval, null with a single seed; in percent null where the base is 0."""

    mean: float | None
    low: float | None
    high: float | None


class DifferenceFile(Told):
    """One metric of one arm against the base."""

    arm: str
    metric: str = Field(description="name and unit")
    verdict: str = Field(description="higher, lower, equal, noise, or that there is no interval")
    seeds: list[int] = Field(description="with which both arms have a figure for it")
    base: list[float] = Field(description="of the base, by seed")
    variant: list[float] = Field(description="of the arm, by seed")
    difference: ThreeFile
    percent: ThreeFile = Field(description="of the base's mean")


class ComparisonFile(Told):
    """`simslab compare --json` and comparison.json."""

    format: Literal["simslab-comparison"]
    version: Literal[1]
    machine: str
    workload: str
    settings: list[str] = Field(description="path=value in every arm")
    seeds: list[int]
    confidence: float
    correction: str = Field(description="how intervals hold together; empty: each for itself")
    notes: list[str] = Field(description="what a reader must know, and what may be claimed about the best arm")
    base: str
    arms: list[ArmFile] = Field(description="base first")
    differences: list[DifferenceFile]


class CacheFile(Told):
    """A level of cache."""

    bytes: int
    ways: int
    cycles: int
    ns: float


class NodeFile(Told):
    """A NUMA node."""

    node: int
    cpus: list[int]
    memory_bytes: int
    bytes_per_second: int | None = Field(description="of its memory, null without any")
    behind_node: int | None = Field(description="node of the root port that leads to it")
    memory_side_cache_bytes: int


class LinkFile(Told):
    """One direction of a link."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    latency_ns: float = Field(description="one way")
    bytes_per_second: int


class DescriptionFile(Told):
    """`simslab describe --json`."""

    format: Literal["simslab-machine-description"]
    version: Literal[1]
    name: str
    description: str
    frequency_hz: int
    cpus: int
    layout: dict[str, Any] = Field(description="as in the machine file")
    caches: dict[str, CacheFile]
    coherence: dict[str, str]
    nodes: list[NodeFile]
    node_distance: dict[str, list[int]] = Field(description="node -> SLIT row")
    links: list[LinkFile]
    idle_dram_latency_ns: dict[str, dict[str, float]] = Field(description="node of the reader -> node of the memory")


class ShippedFile(Told):
    """One file that ships with simslab."""

    name: str
    description: str
    file: str


class InventoryFile(Told):
    """`simslab list --json`."""

    machines: list[ShippedFile]
    workloads: list[ShippedFile]
    experiments: list[ShippedFile]


class MeasurementFile(Told):
    """`simslab measure --json`: the parts that were measured, latencies in ns, bandwidths in GB/s."""

    machine: str
    nodes: list[int] = Field(description="their numbers, in the order of the matrices")
    levels: list[LevelLatency] = Field([], description="hits in each level of cache")
    chase: list[ChasePoint] = Field([], description="a chase through more and more memory")
    chase_memory: int | None = Field(None, description="bytes of the nearest node, where they end the chase")
    idle_sequential: Numbers = Field([], description="by node of the CPU, then of the memory; null: none there")
    idle_random: Numbers = Field([], description="the same, every load opening a DRAM row")
    transfers: dict[str, dict[str, float]] = Field({}, description="relation of two CPUs -> state of the line -> ns")
    homes: list[HomeLatencies] = Field([], description="modified lines between nodes, by home")
    ping_pong: dict[str, float] = Field({}, description="relation of two CPUs -> half the round trip")
    ping_pong_pairs: Numbers = Field([], description="the same by CPU and CPU; null on the diagonal")
    atomics: list[AtomicPoint] = Field([], description="one counter, incremented by more and more CPUs")
    bandwidth: Numbers = Field([], description="reads by node of the cores, then of the memory; null: not measured")
    core_bandwidth: float = Field(0.0, description="reads of one core")
    peak: dict[str, float] = Field({}, description="all cores with their own memory, by mix of reads and writes")
    loaded: list[LoadPoint] = Field([], description="latency under load, by delay between bursts")
    lock: LockMeasurement | None = Field(None, description="the kernel's spinlock")


class CellFile(Told):
    """A row of a table of measurements beside what the model says, in the row's unit."""

    row: Row
    kind: str = Field(description="of tolerance")
    measured: float = Field(description="by the model")
    published: float = Field(description="of a range, what is nearest to the model's")
    detail: str
    error: float = Field(description="relative")


class ReferenceFile(Told):
    """`simslab measure --against FILE --json`."""

    cells: list[CellFile]
    not_comparable: list[Skipped]
    verdicts: list[Verdict]


class FittedParameterFile(Told):
    """A parameter of a machine file, in the file's own unit."""

    name: str
    unit: str
    before: float
    after: float
    standard_error: float | None = Field(
        description="null where as many cells as parameters were fitted, or if unbound"
    )
    low: float
    high: float
    at_bound: bool
    unbound: bool = Field(description="no fitted cell feels a change of the value after")


class FittedCellFile(Told):
    """A cell with what the machine measured before and after the fit; errors are relative."""

    cell: str
    line: int = Field(description="of the table")
    kind: str = Field(description="of tolerance")
    published: str
    unit: str
    before: float
    after: float
    error_before: float
    error_after: float


class FitFile(Told):
    """`simslab fit --json`."""

    parameters: list[FittedParameterFile]
    not_determined: list[str] = Field(description="parameters that the cells do not tell, left as they were")
    fit: list[FittedCellFile]
    prediction: list[FittedCellFile] = Field(description="cells held out, which the fit never saw")
    left_out: list[Skipped] = Field(description="rows that are neither, with the reason")
    machines_measured: int


class TuningFile(Told):
    """`simslab tune --json`: all tunings, the kernel's own first."""

    format: Literal["simslab-tuning"]
    version: Literal[1]
    title: str
    cache: str
    alias: str = Field(description="what the workload calls the cache, where the kernel merged it into another")
    tunables: list[str] = Field(description="limit, batchcount, shared; with SLUB its attributes and the order")
    rows: list[TuningRow] = Field(description="numbers: one for each tunable; front: on the Pareto front")
    recommended: list[int]
    correction: str = Field(description="how intervals hold together")
    apply: str = Field(description="the lines for a shell")
    notes: list[str]


class GeometryFile(Told):
    """`simslab geometry --json`: fields of struct kmem_cache; of a cache that cannot be, those that required are."""

    object_size: int
    align: int
    flags: int
    flags_decoded: str
    err: int = Field(description="0, or a negative errno")
    size: int = Field(description="bytes from one object to the next")
    num: int = Field(description="objects of a slab")
    gfporder: int
    colour: int
    colour_off: int
    freelist_size: int
    freelist_cache: str
    obj_offset: int
    mgmt: str = Field(description="where the freelist lies")
    attempts: list[Attempt] = Field(description="orders that were looked at")
    allocflags: int = Field(0, description="GFP bits of every page request")
    reciprocal_m: int = 0
    slack_bytes: int = Field(0, description="of a slab, that hold no object")
    limit: int = 0
    batchcount: int = 0
    shared: int = 0


class ProtocolFile(Told):
    """`simslab protocol --json`."""

    domain: list[Transition] = Field(description="of the caches below an L3, as the line's home sees them")
    core: list[Transition] = Field(description="of a core's L1 and L2 inside a domain")


class MetricFile(Told):
    """A family of metrics."""

    name: str
    unit: str
    better: str = Field(description="higher, lower, or empty where neither is")
    selects: str = Field(description="what may follow the name behind a colon; empty: nothing")
    meaning: str


class MetricsFile(RootModel[list[MetricFile]]):
    """`simslab metrics --json`."""


class TermFile(Told):
    """A word that results use; it may stand there several times."""

    name: str
    kind: str = Field(description="operation, path, cause, lock, counter, tunable, event, ...")
    meaning: str


class TermsFile(RootModel[list[TermFile]]):
    """`simslab explain --json`."""


class ResultLineFile(BaseModel):
    """A line of `simslab sweep --json` and of a store exported as JSON lines; every other key is a parameter.

    Behind them `sweep` prints lines of a point and metric (`point-line`), and last one of claims (`claims-line`).
    """

    model_config = ConfigDict(extra="allow", strict=True)

    seed: int
    metric: str | None = Field(description="null where the run failed")
    unit: str | None
    value: float | None
    status: str = Field(description="done, failed or killed")
    error: str


class PointLineFile(BaseModel):
    """A line of `simslab sweep --json` for a point and a metric; every other key is a parameter that varies."""

    model_config = ConfigDict(extra="allow", strict=True)

    point: str
    metric: str
    unit: str
    seeds: int
    mean: float | None = Field(description="null where no run has a figure")
    low: float | None = Field(description="95 % interval of the mean; null with one seed")
    high: float | None
    base: str = Field(description="the point that others are compared with")
    base_mean: float | None = Field(description="over the seeds of both; null at the base itself")
    difference: float | None = Field(description="point minus base, paired by seed")
    difference_low: float | None
    difference_high: float | None
    verdict: str = Field(description="higher, lower, noise, equal, no interval, or nothing at the base")
    correction: str = Field(description="how intervals of a metric hold together; empty: each stands for itself")


class ClaimsLineFile(Told):
    """The last line of `simslab sweep --json`."""

    best: list[str] = Field(description="what may be claimed about the best point by each metric")
    notes: list[str] = Field(description="what a reader must know, as whether a precision was reached")


FILES: dict[str, type[BaseModel]] = {
    "artifact": ArtifactFile,
    "check": CheckFile,
    "claims-line": ClaimsLineFile,
    "comparison": ComparisonFile,
    "conformance": ConformanceFile,
    "contents": ContentsFile,
    "description": DescriptionFile,
    "differences": DifferencesFile,
    "fit": FitFile,
    "geometry": GeometryFile,
    "inventory": InventoryFile,
    "measurement": MeasurementFile,
    "merge": MergedFile,
    "metrics": MetricsFile,
    "parameters": ParametersFile,
    "point-line": PointLineFile,
    "protocol": ProtocolFile,
    "reference": ReferenceFile,
    "reproduction": ReproductionFile,
    "result-line": ResultLineFile,
    "terms": TermsFile,
    "tuning": TuningFile,
    "validation": ValidationFile,
    "view": ViewFile,
    "worst": WorstFile,
    "written": WrittenFile,
}

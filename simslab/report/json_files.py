"""What `--json` prints of comparisons, descriptions and the inventory, as models; `simslab schema` prints them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class Counted(_Told):
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


class ThreeFile(_Told):
    """The mean difference and its 95 % interval, null with a single seed; in percent null where the base is 0."""

    mean: float | None
    low: float | None
    high: float | None


class DifferenceFile(_Told):
    """One metric of one arm against the base."""

    arm: str
    metric: str = Field(description="name and unit")
    verdict: str = Field(description="higher, lower, equal, noise, or that there is no interval")
    base: list[float] = Field(description="of the base, by seed")
    variant: list[float] = Field(description="of the arm, by seed")
    difference: ThreeFile
    percent: ThreeFile = Field(description="of the base's mean")


class ComparisonFile(_Told):
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


class CacheFile(_Told):
    """A level of cache."""

    bytes: int
    ways: int
    cycles: int
    ns: float


class NodeFile(_Told):
    """A NUMA node."""

    node: int
    cpus: list[int]
    memory_bytes: int
    bytes_per_second: int | None = Field(description="of its memory, null without any")
    behind_node: int | None = Field(description="node of the root port that leads to it")
    memory_side_cache_bytes: int


class LinkFile(_Told):
    """One direction of a link."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    latency_ns: float = Field(description="one way")
    bytes_per_second: int


class DescriptionFile(_Told):
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


class ShippedFile(_Told):
    """One file that ships with simslab."""

    name: str
    description: str
    file: str


class InventoryFile(_Told):
    """`simslab list --json`."""

    machines: list[ShippedFile]
    workloads: list[ShippedFile]
    experiments: list[ShippedFile]


FILES: dict[str, type[BaseModel]] = {
    "comparison": ComparisonFile,
    "description": DescriptionFile,
    "inventory": InventoryFile,
}

"""What `--json` prints of checks and of stored results, as models: `json_files.py` lists them by name."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """What a command prints: no key more and none less."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class ProblemFile(Told):
    """A mistake and its place; lines and columns count from 1, 0 is unknown."""

    message: str
    file: str
    line: int
    column: int
    path: str = Field(description="in the document")
    expected: str
    near: str = Field(description="what was probably meant")


class CheckedFile(Told):
    """One file: what it is where it is good, or its mistakes."""

    file: str
    kind: str
    notes: list[str] = Field(description="what else was found, a line each: of its traces, or what silicon hardly is")
    problems: list[ProblemFile]


class TogetherFile(Told):
    """Whether a machine can run a workload."""

    told: str
    problems: list[ProblemFile]


class CheckFile(Told):
    """`simslab check --json`."""

    files: list[CheckedFile]
    together: TogetherFile | None = Field(description="of one machine and one workload, both good")


class VerdictFile(Told):
    """One record of a real kernel against the simulated one."""

    file: str
    kind: str
    checks: int = Field(description="fields compared")
    rows: int = Field(description="rows or operations compared")
    difference: str = Field(description="the first one in words, empty where there is none")
    skipped: str = Field(description="why nothing was compared, or empty")
    notes: list[str]


class ConformanceFile(Told):
    """`simslab conform --json`."""

    files: list[VerdictFile]


class UnequalFile(Told):
    """One thing that two results state differently; `-` where one does not state it."""

    what: str
    first: str
    second: str


class DifferencesFile(Told):
    """`simslab diff --json`: both empty where nothing differs."""

    inputs: list[UnequalFile]
    figures: list[UnequalFile]


class ReproductionFile(Told):
    """`simslab reproduce --json`: files of the result by name."""

    identical: list[str]
    different: list[str]
    inputs: list[str] = Field(description="what of simslab, Python and packages is not what it was, in words")


class ValidatedFile(Told):
    """A measured row beside what the model says, both in `unit`."""

    file: str
    line: int
    source: str
    machine: str
    nodes: int
    allocator: str
    workload: str
    parameters: str
    metric: str
    unit: str
    measured: float
    low: float = Field(description="of repeats, or of the range that was published")
    high: float
    model: float
    error: float = Field(description="of the model, relative; for cycles to the range's nearest end")
    tolerance: float
    agrees: bool
    use: str = Field(description="calibration: costs were chosen with it in view; prediction: they were not")


class ValidationFile(Told):
    """`simslab validate --json`."""

    rows: list[ValidatedFile]


class FailedCellFile(Told):
    """A cell without a result."""

    status: str = Field(description="failed or killed")
    error: str


class ContentsFile(Told):
    """`simslab store show --json`."""

    cells: int
    runs: int = Field(description="distinct: points that are the same by construction share one")
    simslab_version: str
    simslab_code: str = Field(description="a hash of the sources that made it; empty where the store does not tell")
    parameters: dict[str, list[str]] = Field(description="values in order of size; (not set) where some cells lack one")
    seeds: list[int]
    metrics: dict[str, str] = Field(description="name -> unit")
    failures: list[FailedCellFile]

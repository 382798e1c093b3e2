"""Experiment files: the same as the options of `simslab sweep`, in YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simslab.base.documents.document import Document
from simslab.base.documents.document import Path as Place
from simslab.base.documents.yamlfile import overridden, read_yaml
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.experiment.figures.metrics import DEFAULT
from simslab.experiment.grid.axes import MACHINE, WORDS, WORKLOAD, Axis, make_axis, value_text
from simslab.experiment.grid.design import Design
from simslab.experiment.grid.in_force import replaces
from simslab.experiment.limits import MOST_SEEDS
from simslab.experiment.variants import same_setting

Value = bool | int | float | str | list[Any] | dict[str, Any]


class ExperimentFile(BaseModel):
    """An experiment file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    machine: str | None = Field(None, description="a shipped machine's name, or a file beside this one")
    workload: str | None = Field(None, description="a shipped workload's name, or a file or trace beside this one")
    set: dict[str, Value] = Field(default_factory=dict, description="what is the same at every point: path: value")
    axes: dict[str, Annotated[list[Value], Field(min_length=1)]] = Field(
        default_factory=dict, description="path, or machine, workload or trace: values, absolute or such as x1.5"
    )
    points: list[dict[str, Value]] = Field(
        default_factory=list, description="joint values of several paths; multiplied by the axes"
    )
    where: list[str] = Field(default_factory=list, description="constraints such as batchcount <= limit")
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] = 1
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] | None = Field(None, description="the first; default: the workload's")
    metrics: list[str] = Field(default=list(DEFAULT), min_length=1, description="by name, as `simslab metrics` lists")
    vary: Literal["start", "placement", "none"] = Field("start", description="what the seed draws of a recorded trace")


def read_experiment(path: Path, read_from: Path | None = None) -> Design:
    """Return the design in an experiment file, of which a copy may be read; UserErrors with everything wrong in it."""
    document, file = overridden(read_yaml(read_from or path, str(path)), ExperimentFile, ())
    try:
        return Design(
            machine=_beside(path, file.machine),
            workload=_beside(path, file.workload),
            settings=tuple(f"{name}={value_text(value)}" for name, value in file.set.items()),
            axes=tuple(make_axis(name, _values(path, name, values)) for name, values in file.axes.items()),
            points=tuple(_point(path, point) for point in file.points),
            where=tuple(file.where),
            seeds=file.seeds,
            first_seed=file.seed,
            metrics=tuple(file.metrics),
            vary=file.vary,
            places=_places(document, file),
        )
    except UserError as error:
        problem = error.problems[0]
        at = ("axes", problem.file.removeprefix("--axis "))
        where = document.problem(problem.message, at, expected=problem.expected, near=problem.near)
        raise UserErrors([where]) from None


def before_file(
    design: Design, axes: Sequence[Axis], settings: Sequence[str], points: Sequence[Mapping[str, str]] = ()
) -> Design:
    """Return a file's design with further axes, and without what these, settings or points of options stand before.

    Of the file's points what an option varies or sets is left out; the rest of their joint values stays.
    """
    given = [(axis.path, value) for axis in axes for value in axis.values]
    given += [(path.strip(), value) for path, _, value in (text.partition("=") for text in settings)]
    given += [(path, value) for point in points for path, value in point.items()]

    def replaced(path: str) -> bool:
        return any(same_setting(path, other) or replaces(other, value, path) for other, value in given)

    said = [(axis.path, value) for axis in design.axes for value in axis.values]
    said += [(path, value) for point in design.points for path, value in point.items()]
    left = ({path: value for path, value in point.items() if not replaced(path)} for point in design.points)
    return replace(
        design,
        axes=(*(axis for axis in design.axes if not replaced(axis.path)), *axes),
        points=tuple(point for point in left if point),
        replaced=tuple(Axis(path, (value,)) for path, value in said if replaced(path)),
        settings=tuple(text for text in design.settings if not replaced(text.partition("=")[0])),
        places={text: place for text, place in design.places.items() if not replaced(text.partition("=")[0])},
    )


def _places(document: Document, file: ExperimentFile) -> dict[str, Problem]:
    """Return where the file says each `path=value`, constraint and metric, as the place of a mistake in it."""
    said: list[tuple[str, Value, Place]] = [(name, value, ("set", name)) for name, value in file.set.items()]
    said += [(name, each, ("axes", name, i)) for name, values in file.axes.items() for i, each in enumerate(values)]
    said += [(name, value, ("points", i, name)) for i, point in enumerate(file.points) for name, value in point.items()]
    said += [(word, named, (word,)) for word in (MACHINE, WORKLOAD) if (named := getattr(file, word)) is not None]
    places = {f"{name}={value_text(value)}": document.problem("", at, key=at[0] in ("set", "points"))
              for name, value, at in said}  # fmt: skip
    listed = [("where", file.where), ("metrics", file.metrics)]
    return places | {text: document.problem("", (key, i)) for key, texts in listed for i, text in enumerate(texts)}


def _values(path: Path, name: str, values: list[Value]) -> list[Any]:
    return [_beside(path, str(value)) for value in values] if name in WORDS else list(values)


def _point(path: Path, point: Mapping[str, Value]) -> dict[str, str]:
    return {
        name: _beside(path, str(value)) or "" if name in WORDS else value_text(value) for name, value in point.items()
    }


def _beside(path: Path, name: str | None) -> str | None:
    """Return the path of a file that is named from beside the experiment file; a shipped name as it is."""
    if name is None:
        return None
    beside = path.parent / name
    return str(beside) if beside.is_file() else name

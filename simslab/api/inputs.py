"""Machines and workloads for Python: loaded, built, changed, written back to YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import yaml

from simslab.base.documents.yamlfile import overridden
from simslab.base.output import write_file
from simslab.experiment.grid.axes import value_text
from simslab.experiment.inputs import InputReader, Inputs, object_document
from simslab.machine.scale_out import scale_out
from simslab.machine.spec import MachineSpec
from simslab.workload.description.spec import Workload

Overrides: TypeAlias = Mapping[str, Any] | Sequence[str]
MachineLike: TypeAlias = str | Path | MachineSpec
WorkloadLike: TypeAlias = str | Path | Workload
Spec = TypeVar("Spec", MachineSpec, Workload)


def settings_of(overrides: Overrides | None) -> list[str]:
    """Return overrides as `path=value` texts: `{"links.upi.latency": "60 ns"}` or `["links.upi.latency=60 ns"]`."""
    if overrides is None:
        return []
    if isinstance(overrides, Mapping):
        return [f"{path}={value_text(value)}" for path, value in overrides.items()]
    return [overrides] if isinstance(overrides, str) else list(overrides)


def listed(values: Any) -> list[Any]:
    """Return values as a list; a text, which would come apart into letters, or a number is one value."""
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]


def load_machine(machine: MachineLike, overrides: Overrides | None = None) -> MachineSpec:
    """Return a machine: shipped by name, from a file, or an object, with overrides. UserError with all mistakes.

    >>> import simslab
    >>> machine = simslab.load_machine("two-socket", {"links.upi.latency": "60 ns"})
    >>> machine.layout.packages, str(machine.links[0].latency)
    (2, '60 ns')
    """
    settings = settings_of(overrides)
    if isinstance(machine, MachineSpec):
        return changed(machine, settings)
    return InputReader().load_machine(str(machine), settings)[1]


def load_workload(workload: WorkloadLike, overrides: Overrides | None = None) -> Workload:
    """Return a workload: shipped by name, from a file or a recorded trace, or an object, with overrides.

    >>> import simslab
    >>> simslab.load_workload("mixed-remote", {"scale": 0.5}).scale
    0.5
    """
    settings = settings_of(overrides)
    if isinstance(workload, Workload):
        return changed(workload, settings)
    return InputReader().load_workload(str(workload), settings)[1]


def load(machine: MachineLike, workload: WorkloadLike, overrides: Overrides | None = None) -> Inputs:
    """Return a machine and a workload ready to run; an override goes to the one that knows its first key.

    >>> import simslab
    >>> inputs = simslab.load("two-socket", "mixed-remote", {"scale": 0.1, "links.upi.latency": "60 ns"})
    >>> inputs.machine.name, inputs.workload.scale
    ('two-socket', 0.1)
    """
    return reader_of(machine, workload).load(_name(machine), _name(workload), settings_of(overrides))


def reader_of(machine: MachineLike, workload: WorkloadLike) -> InputReader:
    """Return a reader that knows the objects among these under the names that `_name` gives them."""
    reader = InputReader()
    if isinstance(machine, MachineSpec):
        reader.machines[_name(machine)] = object_document(machine)
    if isinstance(workload, Workload):
        reader.workloads[_name(workload)] = object_document(workload)
    return reader


def names_of(machine: MachineLike, workload: WorkloadLike) -> tuple[str, str]:
    """Return the names under which `reader_of` loads these."""
    return _name(machine), _name(workload)


def _name(given: MachineLike | WorkloadLike) -> str:
    if isinstance(given, MachineSpec | Workload):
        return given.name or f"unnamed {type(given).__name__}"
    return str(given)


def changed(spec: Spec, settings: Sequence[str]) -> Spec:
    """Return a machine or workload with `path=value` overrides, checked again; UserErrors with all mistakes."""
    if not settings:
        return spec
    settle = scale_out if isinstance(spec, MachineSpec) else None
    return overridden(object_document(spec), type(spec), settings, settle)[1]


def to_yaml(spec: MachineSpec | Workload) -> str:
    """Return a machine or workload as the text of a file that loads to an equal one; defaults are left out.

    >>> import simslab
    >>> workload = simslab.load_workload("local-churn", {"scale": 0.5})
    >>> print(simslab.to_yaml(workload).splitlines()[0])
    name: local-churn
    """
    value = spec.model_dump(mode="json", exclude_defaults=True)
    if isinstance(spec, Workload) and spec.trace is not None:
        value["trace"]["file"] = str(spec.trace.file.absolute())
        if spec.trace.then:
            value["trace"]["then"] = [str(file.absolute()) for file in spec.trace.then]
    ordered = {"name": spec.name, **{key: part for key, part in value.items() if key != "name"}}
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def write_yaml(spec: MachineSpec | Workload, path: str | Path) -> None:
    """Write a machine or workload to a file; UserError if it cannot be written."""
    write_file(Path(path), to_yaml(spec))

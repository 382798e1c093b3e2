"""The manifest of a run: what it was made from, taken from its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simslab.base.build import running_build
from simslab.experiment.inputs import Inputs
from simslab.result.manifest import ChangedValue, Configuration, Manifest, changed_values, host_facts, named_hashes


def manifest_of(
    inputs: Inputs, seeds: Sequence[int], arms: Mapping[str, tuple[ChangedValue, ...]] | None = None
) -> Manifest:
    """Return the manifest of a run, or with `arms` (name -> what each changes) of a comparison."""
    machine, workload = inputs.machine, inputs.workload
    # A trace is named without its folder: where it lies differs from host to host.
    resolved = workload.model_dump(mode="json")
    if workload.trace is not None:
        resolved["trace"] |= {"file": workload.trace.file.name, "then": [file.name for file in workload.trace.then]}
    return Manifest(
        kind="comparison" if arms else "run",
        machine=Configuration(
            machine.name, machine.model_dump(mode="json"), changed_values(inputs.machine_document.overrides)
        ),
        workload=Configuration(workload.name, resolved, changed_values(inputs.workload_document.overrides)),
        inputs=named_hashes(inputs.hashes),
        seeds=tuple(seeds),
        host=host_facts(running_build().kind),
        arms=arms or {},
    )

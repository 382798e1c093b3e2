"""Runs and measurements from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simslab.api.inputs import MachineLike, Overrides, WorkloadLike, listed, load, load_machine
from simslab.api.result import Result
from simslab.base.errors import UserError, near_miss
from simslab.experiment.figures.observation import observe
from simslab.experiment.inputs import Inputs
from simslab.experiment.limits import checked_seed
from simslab.experiment.run import check_before_work

if TYPE_CHECKING:
    from simslab.instruments.measure.whole import MachineMeasurement


def run(
    machine: MachineLike | Inputs,
    workload: WorkloadLike | None = None,
    *,
    seed: int | None = None,
    overrides: Overrides | None = None,
    out: str | Path | None = None,
) -> Result:
    """Run a workload (or a recorded trace) on a machine; the same inputs give the same result.

    `machine` and `workload` are shipped names, files, or objects; or `machine` is what `load` returned. With `out` the
    result directory is written there. UserError where the machine cannot run the workload.

    >>> import simslab
    >>> result = simslab.run("one-node", "local-churn", overrides={"scale": 0.01}, seed=3)
    >>> result.seed, result.metric("latency.p50:alloc")
    (3, 13.235)
    """
    if isinstance(machine, Inputs):
        if workload is not None or overrides:
            raise UserError("inputs are loaded already", expected="load(machine, workload, overrides)")
        inputs = machine
    elif workload is None:
        raise UserError("there is no workload", expected="run(machine, workload)")
    else:
        inputs = load(machine, workload, overrides)
    if out is not None:
        check_before_work(Path(out))
    result = Result(observe(inputs, inputs.workload.seed if seed is None else checked_seed(seed)), inputs)
    if out is not None:
        result.save(out)
    return result


def measure(
    machine: MachineLike, parts: Sequence[str] | None = None, overrides: Overrides | None = None
) -> MachineMeasurement:
    """Measure a machine's latencies and bandwidths as `simslab measure` does, all parts but the long ones by default.

    >>> import simslab
    >>> simslab.measure("two-socket", ["latency"]).idle_random[0][1] > 100  # ns, node 0 to node 1's memory
    True
    """
    from simslab.instruments.measure.whole import DEFAULT_PARTS, PARTS, measure_machine

    chosen = tuple(listed(parts or DEFAULT_PARTS))
    for part in chosen:
        if part not in PARTS:
            raise UserError(f"no part called '{part}'", expected=", ".join(PARTS), near=near_miss(part, PARTS))
    return measure_machine(load_machine(machine, overrides), chosen)

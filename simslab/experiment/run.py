"""One run: measured from its inputs, and written to a result directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from simslab.experiment.inputs import Inputs
from simslab.experiment.trace_input import told_by_name
from simslab.result.directory import check_replaceable, result_directory
from simslab.result.measurement import Measurement
from simslab.workload.run.runner import Watch, run_workload
from simslab.workload.run.system import System


def run_once(
    inputs: Inputs, seed: int | None = None, out: Path | None = None, watch: Watch | None = None
) -> Measurement:
    """Run the inputs with `seed` (or the workload's own) and, with `out`, write the result directory.

    `watch` is given a function that tells (done, of how many) while the run goes on.
    """
    if out is not None:
        check_before_work(out)
    measurement = measure_once(inputs, seed, watch)
    if out is not None:
        write_run(inputs, measurement, out)
    return measurement


def check_before_work(out: Path) -> None:
    """Refuse before the work, not after it, what would keep a result with figures from being written at `out`."""
    from simslab.report.canvas import load_matplotlib

    check_replaceable(out)
    load_matplotlib()


def measure_once(
    inputs: Inputs,
    seed: int | None = None,
    watch: Watch | None = None,
    at_end: Callable[[System], object] | None = None,
) -> Measurement:
    """Run the inputs; `at_end` is given the system when the run is over. UserError if a trace changed meanwhile."""
    inputs.check_traces()
    with told_by_name(inputs.trace_names):
        measurement = run_workload(
            inputs.machine, inputs.workload, seed=seed, document=inputs.workload_document, watch=watch, at_end=at_end
        )
    inputs.check_traces()
    return measurement


def write_run(inputs: Inputs, measurement: Measurement, out: Path) -> None:
    """Write everything a run leaves behind to the directory `out`, which appears whole or not at all."""
    # Imported here: these, matplotlib above all, take as long to load as a small run, and many runs write nothing.
    from simslab.experiment.provenance import manifest_of
    from simslab.report.run.figures import save_latency_figure
    from simslab.report.run.summary import summary_text
    from simslab.result.latency import by_operation, hgrm, latency_csv
    from simslab.result.manifest import MANIFEST, manifest_document
    from simslab.result.result_file import json_text, to_json

    with result_directory(out) as directory:
        texts = {
            "result.json": to_json(measurement),
            "summary.txt": summary_text(measurement),
            "slabinfo.txt": measurement.slabinfo,
            "latency.csv": latency_csv(measurement),
        }
        if measurement.dmesg:
            texts["dmesg.txt"] = "\n".join([*measurement.dmesg, ""])
        for operation, latencies in by_operation(measurement).items():
            texts[f"latency-{operation}.hgrm"] = hgrm(latencies, measurement.frequency_hz)
        for name, text in texts.items():
            (directory / name).write_text(text, encoding="utf-8")
        if measurement.latency:
            save_latency_figure(measurement, directory)
        files = sorted(path.name for path in directory.iterdir())
        manifest = manifest_document(replace(manifest_of(inputs, [measurement.seed]), merged=measurement.merged), files)
        (directory / MANIFEST).write_text(json_text(manifest), encoding="utf-8")

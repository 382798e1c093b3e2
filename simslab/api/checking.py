"""What kind of file a file is, and every mistake in it; whether a machine can run a workload."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.documents.copies import Copies
from simslab.base.documents.inherit import KEY
from simslab.base.documents.validation import validate
from simslab.base.documents.yamlfile import read_yaml
from simslab.base.errors import BadValue, UserError, UserErrors
from simslab.base.shipped import KINDS, find_shipped, near_name, shipped_names
from simslab.experiment.trace_input import copies, is_trace, told_by_name
from simslab.machine.library import extend_machine

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simslab.base.documents.document import Document
    from simslab.workload.trace.pairing import PairedTrace


# The standing caches are alike on all machines but for those whose objects hold an entry for each node.
ANY_MACHINE: Final = "one-node"
BY_NODES: Final = frozenset({"kmem_cache"})


def models() -> Mapping[str, type[BaseModel]]:
    """Return the model of each kind of file."""
    from simslab.experiment.grid.experiment_file import ExperimentFile
    from simslab.machine.spec import MachineSpec
    from simslab.workload.description.spec import Workload

    return {"machine": MachineSpec, "workload": Workload, "experiment": ExperimentFile}


def check_file(name: str, kept: Copies | None = None) -> str:
    """Check a machine, workload or kmem trace and return what it is; UserError with all its mistakes.

    Of a machine also what silicon hardly is (simslab/machine/oddities.py), which is no mistake.
    What depends on the machine that a workload runs on (whether it has the CPUs, nodes and caches named)
    `check_together` tells. Of what can be read only once `kept` keeps a copy for that.
    """
    from simslab.machine.oddities import oddities
    from simslab.machine.spec import MachineSpec

    kept = kept or copies()
    if is_trace(name, kept.readable(Path(name))):
        return _check_trace(Path(name), kept)
    path = _file_of(name)
    document = read_yaml(kept.readable(path), str(path))
    keys = set(document.value) if isinstance(document.value, dict) else set()
    if KEY in keys:
        extend_machine(document)
    kind, model = max(models().items(), key=lambda item: len(keys & set(item[1].model_fields)))
    checked = validate(document, model)
    if kind == "workload":
        _check_operations(document, checked)
    odd = [f"  odd: {oddity}" for oddity in oddities(checked)] if isinstance(checked, MachineSpec) else []
    return "\n".join(filter(None, [_told(kind, checked, path.parent, kept), _ignored_account(checked), *odd]))


def _told(kind: str, checked: BaseModel, folder: Path, kept: Copies) -> str:
    """Return what a checked document is, with what was found in the traces that it replays."""
    trace = getattr(checked, "trace", None)
    told = [(file.name, _check_trace(folder / file, kept)) for file in trace.files] if trace is not None else []
    if len(told) == 1:
        return f"{kind} of a {told[0][1]}"
    if told:
        return "\n".join([f"{kind} of {len(told)} traces", *(f"{name}: {text}" for name, text in told)])
    return kind


def _ignored_account(checked: BaseModel) -> str:
    """Return what a workload must be told of SLAB_ACCOUNT in a kernel that does not know it; empty for others."""
    kernel = getattr(checked, "kernel", None)
    if getattr(kernel, "memcg", True):
        return ""
    caches = getattr(checked, "caches", {})
    named = [
        name
        for name, cache in caches.items()
        if any(flag.upper().removeprefix("SLAB_") == "ACCOUNT" for flag in cache.flags)
    ]
    told = "is 0 without 'kernel: {memcg: true}', and counts for nothing"
    return f"  SLAB_ACCOUNT of {', '.join(named)} {told}" if named else ""


def check_together(files: Mapping[str, str], kept: Copies | None = None) -> str:
    """Of a machine and a workload or trace, by what `check_file` said of them, tell that the one can run the other.

    The machine is booted and the workload's streams are made, as `run` would; UserErrors with the places of what does
    not fit. Nothing is done, and told, about other kinds of files.
    """
    machine = next((file for kind, file in files.items() if kind.startswith("machine")), None)
    workload = next((file for kind, file in files.items() if kind.startswith(("workload", "kmem trace"))), None)
    if machine is not None and workload is not None:
        from simslab.experiment.inputs import load_inputs
        from simslab.workload.run.runner import check_fits

        inputs = load_inputs(machine, workload, kept=kept)
        with told_by_name(inputs.trace_names):
            check_fits(inputs.machine, inputs.workload, inputs.workload_document)
        return f"{workload} on {machine}: ok"
    return ""


def _check_operations(document: Document, workload: Any) -> None:
    """UserErrors if a workload asks for more operations than are run on any machine."""
    from simslab.workload.streams.from_description import check_operations

    try:
        check_operations(workload)
    except BadValue as error:
        raise UserErrors([document.problem(error.message, error.at, expected=error.expected)]) from None


def _file_of(name: str) -> Path:
    """Return the file of what ships by that name, else the file of that name; UserError if there is neither."""
    shipped = {stem: kind for kind in KINDS for stem in shipped_names(kind)}
    if name in shipped:
        return find_shipped(shipped[name], name)
    path = Path(name)
    if os.path.lexists(path) or path.suffix or len(path.parts) > 1:
        return path
    expected = "a file, or a name that `simslab list` shows"
    raise UserError(f"there is no file, machine or workload '{name}'", expected=expected, near=near_name(name, shipped))


def _check_trace(path: Path, kept: Copies) -> str:
    """Return what a trace holds and, reason by reason, what of it a run would leave out."""
    from simslab.workload.trace.pairing import read_paired

    file = kept.readable(path)
    with told_by_name(kept.names()):
        paired = read_paired(file)
    trace = paired.trace
    told = [f"kmem trace, {len(trace)} events in {trace.lines} lines, {trace.lines_skipped} lines skipped"]
    counts = trace.skipped | paired.skipped | paired.still_allocated() | paired.out_of_order() | _other_sizes(paired)
    told += [f"  {reason}: {count}" for reason, count in sorted(counts.items())]
    told += [f"  line not understood: {line[:90]}" for line in trace.unparsed_examples]
    return "\n".join(told)


def _other_sizes(paired: PairedTrace) -> dict[str, int]:
    """Return which standing caches a run with SLAB, unless it changes them, takes for recorded ones of other sizes.

    Nothing is told of those whose size is the machine's: which one runs the trace is not known here.
    """
    wanted = [cache for cache in paired.caches if cache.name not in BY_NODES]
    if not wanted:
        return {}
    from simslab.machine.library import load_machine
    from simslab.workload.description.kernel_options import KernelOptions
    from simslab.workload.run.system import boot_system, other_sizes

    system = boot_system(load_machine(ANY_MACHINE), KernelOptions(), quantum=0)
    return other_sizes(system, wanted, paired.objects())

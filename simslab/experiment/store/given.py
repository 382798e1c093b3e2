"""What inputs said when they were read: in a store, one name means one content.

Cells tell a machine, a workload or a trace by its name. Results of two files that had one name, one after the other,
would be taken for results of one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.axes import MACHINE, TRACE, WORKLOAD
from simslab.experiment.inputs import InputReader, Inputs
from simslab.result.stored import flat

if TYPE_CHECKING:
    from simslab.base.documents.document import Plain

SHOWN: Final = 40  # characters of a value in a message
IN_ORDER: Final = ("caches", "cgroups", "choice", "phases", "tunables")  # mappings whose order a run follows from


@dataclass(frozen=True)
class Given:
    """One input as it was read, before overrides.

    `name` is what the user called it, of a shipped trace without its folder. `content` is JSON: the values of a
    document, what it extends included, or a trace's hash. Comments and layout are no part of it.
    """

    kind: str  # machine, workload or trace
    name: str
    content: str


def given_of(points: Iterable[tuple[Mapping[str, str], Inputs]], reader: InputReader) -> tuple[Given, ...]:
    """Return what points, each its parameters and inputs, are made from; `reader` has read it."""
    found: dict[tuple[str, str], Plain] = {}
    for parameters, inputs in points:
        machine, workload = parameters[MACHINE], parameters[WORKLOAD]
        found[MACHINE, machine] = reader.machines[machine].value
        found[WORKLOAD, workload] = reader.workloads[workload].value
        for trace in inputs.traces:
            found[TRACE, _trace_name(trace.name)] = {"SHA-256": trace.sha256}
    return tuple(Given(*key, _canonical(value)) for key, value in sorted(found.items(), key=lambda item: item[0]))


def refuse_others(known: Sequence[Given], new: Iterable[Given], told: str, file: str, expected: str) -> None:
    """UserError if an input of `new` has the name of a `known` one that said something else.

    `told` begins the message, with the input's name for `{}`.
    """
    before = {(each.kind, each.name): each for each in known}
    for each in new:
        there = before.get((each.kind, each.name), each)
        if there.content != each.content:
            changed = difference(there.content, each.content)
            raise UserError(f"{told.format(f'{each.kind} {each.name}')}: {changed}", file=file, expected=expected)


def difference(before: str, after: str) -> str:
    """Return in words the first value that two contents state differently, and how many more there are."""
    was, now = json.loads(before), json.loads(after)
    if was == now:
        return f"the order of its {' or '.join(IN_ORDER)} has changed"
    left, right = dict(flat(was)), dict(flat(now))
    paths = [path for path in dict.fromkeys([*left, *right]) if path and _text(left, path) != _text(right, path)]
    if not paths:
        return "its content has changed"
    more = f", and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]} was {_text(left, paths[0]):.{SHOWN}}, is {_text(right, paths[0]):.{SHOWN}}{more}"


def _text(values: Mapping[str, Any], path: str) -> str:
    if path not in values:
        return "not there"
    return values[path] if isinstance(values[path], str) else json.dumps(values[path])


def _trace_name(name: str) -> str:
    """Return a trace's name without the folder of shipped files, which differs between hosts."""
    path = Path(name)
    return path.name if path.parent == shipped_folder("workloads") else name


def _canonical(value: Plain) -> str:
    return json.dumps(_sorted(value), ensure_ascii=False)


def _sorted(value: Plain, as_it_is: bool = False) -> Any:
    """Return a value whose mappings have texts for keys, in one order but where their own says something."""
    if isinstance(value, dict):
        keys = list(value) if as_it_is else sorted(value, key=str)
        return {str(key): _sorted(value[key], key in IN_ORDER) for key in keys}
    return [_sorted(member) for member in value] if isinstance(value, list) else value

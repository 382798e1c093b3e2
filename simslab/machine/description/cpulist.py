"""Lists of CPU numbers as the kernel writes them: '0-3,8' (lib/cpumask: cpulist_parse)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count, groupby, pairwise
from typing import Annotated, Any, Final

from simslab.base.errors import BadValue

MAX_CPUS: Final = 1024
_RANGE: Final = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_EXPECTED: Final = "CPU numbers such as '0-7,16-23' or [0, 1, 2]"


def parse_cpulist(value: object) -> tuple[int, ...]:
    """Return the CPUs named in `value` in the order written; a CPU named twice stays twice."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if value == "":
        return ()
    if isinstance(value, str):
        return tuple(cpu for part in value.split(",") for cpu in _span(part.strip()))
    if isinstance(value, list | tuple):
        return tuple(cpu for item in value for cpu in _span(item))
    raise BadValue(f"{value!r:.60} is not a list of CPUs", expected=_EXPECTED)


def _span(part: object) -> range:
    match = None if isinstance(part, bool | float) else _RANGE.fullmatch(str(part))
    if match is None:
        raise BadValue(f"{part!r:.60} is not a CPU number or range", expected=_EXPECTED)
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise BadValue(f"range '{part}' runs backwards", expected=_EXPECTED)
    if last >= MAX_CPUS:
        raise BadValue(f"CPU {last} is out of range", expected=f"CPU numbers below {MAX_CPUS}")
    return range(first, last + 1)


def format_cpulist(cpus: Iterable[int]) -> str:
    """Return '0-3,8' for {0, 1, 2, 3, 8}."""
    counter = count()
    runs = (list(run) for _, run in groupby(sorted(cpus), key=lambda cpu: cpu - next(counter)))
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def show_cpulist(cpus: Sequence[int]) -> str:
    """Return a list that reads as itself: '0-3,8', or one by one where the order is not that of the numbers."""
    in_order = all(a < b for a, b in pairwise(cpus))
    return format_cpulist(cpus) if in_order else ",".join(map(str, cpus))


class CpuListType:
    """Annotation that makes pydantic read a field with `parse_cpulist`."""

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> Any:
        # Imported here so that the command line starts without pydantic.
        from pydantic_core import core_schema

        shown = core_schema.plain_serializer_function_ser_schema(show_cpulist)
        return core_schema.no_info_plain_validator_function(parse_cpulist, serialization=shown)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, Any]:
        numbers = {"type": "array", "items": {"type": ["integer", "string"]}}
        return {"anyOf": [{"type": "string"}, {"type": "integer"}, numbers], "description": _EXPECTED}


CpuList = Annotated[tuple[int, ...], CpuListType()]

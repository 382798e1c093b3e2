"""What a store holds, as plain data and in words."""

from __future__ import annotations

from typing import Any, Final

from simslab.base.units import in_order
from simslab.experiment.store.store import DONE, Store

NOT_SET: Final = "(not set)"


def contents(store: Store) -> dict[str, Any]:
    """Return how many cells and runs a store holds, its parameters with their values, seeds, metrics and failures."""
    cells = store.cells()
    names = sorted({name for cell in cells for name in cell.parameters})
    return {
        "cells": len(cells),
        "runs": len({cell.run for cell in cells}),
        "simslab_version": store.about()["simslab_version"],
        "simslab_code": store.about().get("simslab_code", ""),
        "parameters": {
            name: sorted(dict.fromkeys(cell.parameters.get(name, NOT_SET) for cell in cells), key=in_order)
            for name in names
        },
        "seeds": sorted({cell.seed for cell in cells}),
        "metrics": dict(store.units()),
        "failures": [{"status": cell.status, "error": cell.failure} for cell in cells if cell.status != DONE],
    }


def contents_text(store: Store) -> str:
    """Return the contents of a store as text."""
    told = contents(store)
    metrics = (f"{name} ({unit})" if unit else name for name, unit in told["metrics"].items())
    code = f" (code {told['simslab_code']})" if told["simslab_code"] else ""
    lines = [
        f"{told['cells']} cells, {told['runs']} runs, made by simslab {told['simslab_version']}{code}",
        *(f"  {name}: {', '.join(values)}" for name, values in told["parameters"].items()),
        f"  seeds: {_ranges(told['seeds'])}",
        f"metrics: {', '.join(metrics)}",
        *(f"{each['status']}: {each['error']}" for each in told["failures"]),
    ]
    return "\n".join(lines) + "\n"


def _ranges(numbers: list[int]) -> str:
    """Return ascending numbers as `1-5, 9`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)

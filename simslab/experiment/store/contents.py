"""What a store holds, in words."""

from __future__ import annotations

from simslab.experiment.store.store import DONE, Store


def contents_text(store: Store) -> str:
    """Return the parameters with their values, seeds, metrics and failures of a store as text."""
    cells, about = store.cells(), store.about()
    runs = {cell.run for cell in cells}
    lines = [f"{len(cells)} cells, {len(runs)} runs, made by simslab {about['simslab_version']}"]
    for name in sorted({name for cell in cells for name in cell.parameters}):
        values = dict.fromkeys(cell.parameters.get(name, "(not set)") for cell in cells)
        lines.append(f"  {name}: {', '.join(sorted(values, key=_by_number))}")
    seeds = sorted({cell.seed for cell in cells})
    lines.append(f"  seeds: {_ranges(seeds)}")
    lines.append("metrics: " + ", ".join(f"{name} ({unit})" if unit else name for name, unit in store.units().items()))
    failed = [cell for cell in cells if cell.status != DONE]
    lines += [f"{cell.status}: {cell.failure}" for cell in failed]
    return "\n".join(lines) + "\n"


def _by_number(text: str) -> tuple[float, str]:
    """Order values by the number that they begin with, words last."""
    digits = text.lstrip("x+").split(" ")[0]
    try:
        return float(digits), text
    except ValueError:
        return float("inf"), text


def _ranges(numbers: list[int]) -> str:
    """Return ascending numbers as `1-5, 9`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)

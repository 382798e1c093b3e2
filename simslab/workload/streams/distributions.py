"""Drawing whole numbers from the distributions a workload names."""

from __future__ import annotations

import numpy as np

from simslab.workload.description.quantities import Distribution
from simslab.workload.streams.program import Words


def draw(distribution: Distribution, random: np.random.Generator, count: int) -> Words:
    """Return `count` whole numbers; means and minima are those of the distribution before rounding down."""
    if distribution.choice is not None:
        values = np.array(list(distribution.choice), dtype=np.int64)
        weights = np.array(list(distribution.choice.values()), dtype=float)
        return random.choice(values, size=count, p=weights / weights.sum()).astype(np.int64)
    if distribution.uniform is not None:
        low, high = distribution.uniform
        return random.integers(low, high, size=count, endpoint=True, dtype=np.int64)
    if distribution.exponential is not None:
        return random.exponential(distribution.exponential, size=count).astype(np.int64)
    if distribution.pareto is not None:
        minimum, shape = distribution.pareto
        with np.errstate(over="ignore"):  # beyond the largest float is beyond the bound, too
            drawn = minimum * (1.0 + random.pareto(shape, size=count))
        return np.minimum(drawn, float(1 << 40)).astype(np.int64)
    return np.full(count, distribution.fixed, dtype=np.int64)

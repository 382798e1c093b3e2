"""How much an experiment may be asked for: beyond these it is a slip, which would take all memory before it began."""

import operator
from typing import Final, SupportsIndex

from simslab.base.errors import UserError

MOST_SEEDS: Final = 100_000
MOST_JOBS: Final = 1024  # processes at once; each has two file descriptors
LARGEST_SEED: Final = (1 << 63) - 1  # that a store's integers hold

LARGEST_OF_A_RUN: Final = (1 << 64) - 1


def checked_seed(seed: SupportsIndex) -> int:
    """Return the seed of one run, NumPy's integers as Python's; UserError if it is none."""
    try:
        value = operator.index(seed)
    except TypeError:
        value = -1
    if not 0 <= value <= LARGEST_OF_A_RUN:
        raise UserError(f"seed: {seed!r} is no seed", expected=f"a whole number from 0 to {LARGEST_OF_A_RUN}")
    return value


def check_first_seed(seed: int) -> None:
    """UserError for a first seed from which not every number of seeds can be counted."""
    checked_seed(seed)
    if seed > LARGEST_SEED - MOST_SEEDS:
        raise UserError(f"--seed {seed}: is too large", expected=f"at most {LARGEST_SEED - MOST_SEEDS}")

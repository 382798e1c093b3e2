"""How much an experiment may be asked for: beyond these it is a slip, which would take all memory before it began."""

from typing import Final

from simslab.base.errors import UserError

MOST_SEEDS: Final = 100_000
MOST_JOBS: Final = 1024  # processes at once; each has two file descriptors
LARGEST_SEED: Final = (1 << 63) - 1  # that a store's integers hold


def check_first_seed(seed: int) -> None:
    """UserError for a first seed from which not every number of seeds can be counted."""
    if seed > LARGEST_SEED - MOST_SEEDS:
        raise UserError(f"--seed {seed}: is too large", expected=f"at most {LARGEST_SEED - MOST_SEEDS}")

"""How much an experiment may be asked for: beyond these it is a slip, which would take all memory before it began."""

from typing import Final

MOST_SEEDS: Final = 100_000
MOST_JOBS: Final = 1024  # processes at once; each has two file descriptors

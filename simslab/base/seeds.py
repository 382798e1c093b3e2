"""Named random streams: each is fixed by the run's seed and its own name, whatever other streams there are.

A thread that is added takes a stream of its own name and leaves those of the others as they were.
"""

from __future__ import annotations

import hashlib

import numpy as np


def seed_sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """Return the entropy of the stream `names` under `seed` (any integer from 0)."""
    digest = hashlib.sha256("\0".join(map(str, names)).encode()).digest()
    # Keyed by a hash of our own: Python's hash() of strings differs from process to process.
    key = [int.from_bytes(digest[at : at + 4], "little") for at in range(0, 32, 4)]
    return np.random.SeedSequence(seed, spawn_key=key)


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random stream `names` under `seed`: `stream(7, "thread", "rx0", "sizes")`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, *names)))


def stream_seed(seed: int, *names: str | int) -> int:
    """Return a 63-bit integer drawn from the stream's entropy, for generators that are not NumPy's."""
    return int(seed_sequence(seed, *names).generate_state(1, np.uint64)[0]) >> 1

"""What an experiment keeps of one run: the measurement, and the memory that the caches held at its end."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Final

from simslab.base.errors import UserError
from simslab.experiment.figures.parked import parked_rows
from simslab.experiment.inputs import Inputs
from simslab.experiment.run import measure_once
from simslab.result.measurement import Measurement
from simslab.result.parked import ParkedRow
from simslab.result.result_file import from_json, to_json

LARGEST: Final = 256 << 20  # bytes of an unpacked result
LEVEL: Final = 6  # of zlib: a run's 100 kB become 8


@dataclass(frozen=True)
class Observation:
    """One run, whole: exact latency counts, attribution, locks, masked stretches, and what was parked."""

    measurement: Measurement
    parked: tuple[ParkedRow, ...] = ()

    def packed(self) -> bytes:
        """Return the observation as compressed text, the same for the same run."""
        text = json.dumps({"parked": [asdict(row) for row in self.parked]}) + "\n" + to_json(self.measurement)
        return zlib.compress(text.encode(), LEVEL)


def inflated(data: bytes) -> bytes:
    """Return what was packed; zlib.error for what is damaged, or larger than any result."""
    inflate = zlib.decompressobj()
    text = inflate.decompress(data, LARGEST)
    if not inflate.eof:
        raise zlib.error("ends too early, or is too large")
    return text


def unpacked(data: bytes, name: str = "store") -> Observation:
    """Return the observation that `packed` made; UserError, naming its place, if it is of another version."""
    try:
        head, _, rest = inflated(data).decode().partition("\n")
        parked = tuple(ParkedRow(**row) for row in json.loads(head)["parked"])
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError):  # ValueError: no text, no JSON
        raise UserError("is damaged: a result in it cannot be unpacked", file=name) from None
    return Observation(from_json(rest, name), parked)


def observe(inputs: Inputs, seed: int) -> Observation:
    """Run the inputs with a seed and return all of it."""
    rows: list[ParkedRow] = []
    measurement = measure_once(inputs, seed, at_end=lambda system: rows.extend(parked_rows(system)))
    return Observation(measurement, tuple(rows))

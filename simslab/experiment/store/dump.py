"""The canonical text of a store: equal for equal results, however and in whatever order they were made."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import Any

from simslab.base.errors import UserError
from simslab.experiment.figures.observation import inflated
from simslab.experiment.store.store import Store


def dump_lines(store: Store) -> Iterator[str]:
    """Yield the store as lines of JSON: what it is, inputs, configurations, cells with figures and a hash of all that
    was measured. Left out: times of the host, and cells that have not been run."""
    yield _line({"store": store.about()})
    for given in store.given():
        yield _line({"input": {"kind": given.kind, "name": given.name}, "content": json.loads(given.content)})
    for made in store.configurations():
        fields = {"kind": made.kind, "name": made.name, "hash": made.hash, "inputs": dict(made.inputs)}
        yield _line({"configuration": fields, "resolved": dict(made.resolved)})
    for cell in store.cells():
        yield _line(
            {
                "parameters": dict(cell.parameters),
                "resolved": dict(cell.values),
                "seed": cell.seed,
                "run": cell.run,
                "configurations": list(store.configurations_of(cell)),
                "status": cell.status,
                "error": cell.error,
                "figures": dict(sorted(cell.figures.items())),
                "measured": measured_hash(store, cell.run),
            }
        )


def measured_hash(store: Store, run: str) -> str:
    """Return a hash of what was measured, before compression: that differs between versions of zlib."""
    packed = store.connection.execute("SELECT measured FROM runs WHERE key = ?", (run,)).fetchone()[0]
    try:
        return "" if packed is None else hashlib.sha256(inflated(packed)).hexdigest()
    except (zlib.error, TypeError):
        raise UserError("is damaged: a result in it cannot be unpacked", file=str(store.path)) from None


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)

"""Which files of a collection of recorded kernels are compared: SIMSLAB_ALL_GOLDEN says it.

Without it the selections that ship with the tests are. `1` adds every other file of the collections that lie beside the
checkout, `2/3` the second of three parts, large and small files shared out evenly.
"""

import os
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[3] / "shared"
ASKED = os.environ.get("SIMSLAB_ALL_GOLDEN", "")


def why_skipped(name):
    """Why nothing of the collection `name` is compared; empty if it is."""
    if not (BESIDE / name).is_dir():
        return f"the whole collection is not here: no folder {BESIDE / name}"
    return "" if ASKED else "the whole collection takes minutes: set SIMSLAB_ALL_GOLDEN=1"


def asked_for(paths, asked=ASKED):
    """Those of the files that are compared."""
    if asked in ("", "1"):
        return list(paths) if asked else []
    number, parts = map(int, asked.split("/"))
    return sorted(paths, key=lambda path: (path.stat().st_size, path.name))[number - 1 :: parts]

"""Files of other tools, given where one of ours is asked for: `simslab import` makes machine files of them."""

from __future__ import annotations

import re
from typing import Final

from simslab.base.errors import UserError

LOOKED_AT: Final = 1 << 14  # characters; people write and paste things before an output

# The keys that our files begin their first lines with: what another tool printed behind one is part of our file.
OUR_KEYS: Final = (
    *("extends", "name", "description", "measured_as", "layout", "core", "l1d", "l2", "l3", "tlb", "coherence", "dram"),
    *("nodes", "mesh", "links", "routes", "distances", "idle_latency", "kernel", "seed", "scale", "heap", "failslab"),
    *("caches", "cgroups", "tunables", "threads", "devices", "trace", "faults", "machine", "workload", "set", "axes"),
    *("points", "where", "seeds", "metrics", "vary"),
)
_OUR_KEY: Final = re.compile(rf"^[\"']?(?:{'|'.join(OUR_KEYS)})[\"']?[ \t]*:(?=\s)", re.MULTILINE)

# By what imports it: what it is, and how it is known. Headings may be quoted (`> `, `| `), indented ones are ours.
_FOREIGN: Final = {
    "hwloc": ("lstopo's XML", re.compile(r"\s*(?:<(?:\?xml|!DOCTYPE)\b.*?)?<topology\b", re.DOTALL)),
    "numactl": (
        "the output of numactl -H",
        re.compile(r"^(?:[>|*][ \t>|*]*)?available:\s+\d{1,4}\s+nodes?\b", re.MULTILINE),
    ),
    "mlc": (
        "the output of Intel Memory Latency Checker",
        re.compile(r"^(?:[>|*][ \t>|*]*)?(?:Intel\(R\) Memory Latency Checker|Measuring idle latencies)", re.MULTILINE),
    ),
}


def foreign(text: str, file: str) -> UserError | None:
    """Return the error that says how to import a text of another tool's, None if it is not known to be one."""
    for kind, (what, known) in _FOREIGN.items():
        heading = (known.match if kind == "hwloc" else known.search)(text[:LOOKED_AT])
        if heading and not _OUR_KEY.search(text, 0, heading.start()):
            expected = f"the machine file that `simslab import {kind}` makes of it"
            return UserError(f"is {what}", file=file, expected=expected)
    return None

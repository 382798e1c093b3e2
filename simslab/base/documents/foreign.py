"""Files of other tools, given where one of ours is asked for: `simslab import` makes machine files of them."""

from __future__ import annotations

import re
from typing import Final

from simslab.base.errors import UserError

LOOKED_AT: Final = 1 << 14  # characters; people write and paste things before an output

# By what imports it: what it is, and how it is known.
_FOREIGN: Final = {
    "hwloc": ("lstopo's XML", re.compile(r"\s*(?:<(?:\?xml|!DOCTYPE)\b.*?)?<topology\b", re.DOTALL)),
    "numactl": ("the output of numactl -H", re.compile(r"^[ \t>|*]*available:\s+\d{1,4}\s+nodes?\b", re.MULTILINE)),
    "mlc": (
        "the output of Intel Memory Latency Checker",
        re.compile(r"^[ \t>|*]*(?:Intel\(R\) Memory Latency Checker|Measuring idle latencies)", re.MULTILINE),
    ),
}


def foreign(text: str, file: str) -> UserError | None:
    """Return the error that says how to import a text of another tool's, None if it is not known to be one."""
    for kind, (what, known) in _FOREIGN.items():
        if (known.match if kind == "hwloc" else known.search)(text[:LOOKED_AT]):
            expected = f"the machine file that `simslab import {kind}` makes of it"
            return UserError(f"is {what}", file=file, expected=expected)
    return None

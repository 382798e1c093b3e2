"""The words of a machine file as the codes that the compiled model compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simslab.machine.memory import states

CODES: Final[Mapping[str, Mapping[str, int]]] = {
    "protocol": {"MESIF": states.MESIF, "MOESI": states.MOESI},
    "home": {
        "directory": states.HOME_DIRECTORY,
        "snoop": states.HOME_SNOOP,
        "source-snoop": states.SOURCE_SNOOP,
    },
    "filter": {"l3": 0, "package": 1},  # 1: the nodes of a package share a snoop filter
    "inclusion": {
        "inclusive": states.INCLUSIVE,
        "exclusive": states.EXCLUSIVE_L3,
        "non-inclusive": states.NON_INCLUSIVE,
    },
    "prefetch": {"none": 0, "next-line": 1, "strides": 2},
}

"""MESIF and MOESI as literal tables: what becomes of a line's state, and who supplies the data.

`DOMAIN_TABLES` tell of the caches below one L3 as the line's home sees them, `CORE_TABLE` of one core's L1 and L2
inside such a domain. The caches (`hierarchy.py`, `coherence.py`) do not read these tables: they are tested against
them, for every home policy: no transition that is not here, and none here that does not happen. Who asks whom differs
by home policy and so does the time it takes; the states do not.

States of a domain, from the directory and its caches: M owner of the only copy, dirty; E the same, clean; O (MOESI)
owner beside sharers; F (MESIF) the sharer that answers; S sharer; I none. An access that hits does not leave its
domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Events, seen from the domain (or core) whose state the row tells.
READ: Final = "read"  # by one of its own cores
WRITE: Final = "write"
OTHER_READ: Final = "other reads"
OTHER_WRITE: Final = "other writes"
EVICT: Final = "eviction"  # of a copy by capacity, here or elsewhere

# Where the data of an own access come from.
NOWHERE: Final = "-"
DOMAIN: Final = "own domain"
MEMORY: Final = "memory"
OWNER: Final = "owner"
EITHER: Final = "forwarder or memory"  # whichever answers first
SHARERS: Final = "sharers"  # acknowledgements only: the data are here

ALONE: Final = "nobody"  # conditions: the strongest state among the other domains
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: in `state`, on `event`, while the others hold the line as `others` says."""

    state: str
    event: str
    others: str
    next: str
    data: str
    says: str


T = Transition

_OWN: Final = (  # a domain that has the line and the right to what its core wants, in both protocols
    T("S", READ, ANY, "S", DOMAIN, "hit"),
    T("E", READ, ALONE, "E", DOMAIN, "hit, or handed from core to core"),
    T("M", READ, ALONE, "M", DOMAIN, "hit, or handed from core to core through the L3"),
    T("E", WRITE, ALONE, "M", DOMAIN, "silent: nobody is asked"),
    T("M", WRITE, ALONE, "M", DOMAIN, "hit, or handed from core to core"),
    T("I", WRITE, ALONE, "M", MEMORY, "read for ownership"),
    T("I", WRITE, "S", "M", MEMORY, "read for ownership; all sharers invalidated"),
    T("I", WRITE, "E", "M", OWNER, "read for ownership; the owner gives its copy up"),
    T("I", WRITE, "M", "M", OWNER, "read for ownership; dirty data go to the writer, not home"),
    T("S", WRITE, ALONE, "M", DOMAIN, "upgrade: the last sharer left, nobody to invalidate"),
    T("S", WRITE, "S", "M", SHARERS, "upgrade; all sharers invalidated"),
)
_OTHERS: Final = (
    T("S", OTHER_READ, ANY, "S", NOWHERE, ""),
    T("S", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated"),
    T("E", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated; gives the data"),
    T("M", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated; gives the dirty data"),
    T("S", EVICT, ANY, "I", NOWHERE, "silent, the directory knows"),
    T("E", EVICT, ALONE, "I", NOWHERE, "silent, the directory knows"),
    T("M", EVICT, ALONE, "I", NOWHERE, "written home"),
    T("M", EVICT, ALONE, "E", NOWHERE, "the L3's dirty copy written home, cores keep clean ones"),
)

MESIF_TABLE: Final = (
    *_OWN,
    *_OTHERS,
    T("I", READ, ALONE, "E", MEMORY, "nobody has it"),
    T("I", READ, "S", "F", MEMORY, "the forwarder has left: memory answers"),
    T("I", READ, "F", "F", EITHER, "the newest sharer forwards from now on"),
    T("I", READ, "E", "F", OWNER, "the owner becomes a sharer"),
    T("I", READ, "M", "F", OWNER, "the owner becomes a sharer and writes home"),
    T("F", READ, ANY, "F", DOMAIN, "hit"),
    T("F", WRITE, ALONE, "M", DOMAIN, "upgrade: the last sharer left, nobody to invalidate"),
    T("F", WRITE, "S", "M", SHARERS, "upgrade; all sharers invalidated"),
    T("S", WRITE, "F", "M", SHARERS, "upgrade; forwarder and sharers invalidated"),
    T("I", WRITE, "F", "M", MEMORY, "read for ownership; forwarder and sharers invalidated"),
    T("F", OTHER_READ, ANY, "S", NOWHERE, "the reader forwards from now on"),
    T("F", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated"),
    T("F", EVICT, ANY, "I", NOWHERE, "silent; nobody forwards"),
    T("E", OTHER_READ, ANY, "S", NOWHERE, "gives the data; the reader forwards from now on"),
    T("M", OTHER_READ, ANY, "S", NOWHERE, "gives the data and writes them home"),
)

MOESI_TABLE: Final = (
    *_OWN,
    *_OTHERS,
    T("I", READ, ALONE, "E", MEMORY, "nobody has it"),
    T("I", READ, "S", "S", MEMORY, "sharers do not answer"),
    T("I", READ, "E", "S", OWNER, "the owner becomes a sharer"),
    T("I", READ, "M", "S", OWNER, "the owner keeps the dirty line (O)"),
    T("I", READ, "O", "S", OWNER, "the owner answers again"),
    T("I", WRITE, "O", "M", OWNER, "read for ownership; owner and sharers invalidated"),
    T("S", WRITE, "O", "M", SHARERS, "upgrade; owner and sharers invalidated"),
    T("O", READ, ANY, "O", DOMAIN, "hit"),
    T("O", WRITE, "S", "M", SHARERS, "upgrade; all sharers invalidated"),
    T("E", OTHER_READ, ANY, "S", NOWHERE, "gives the data"),
    T("M", OTHER_READ, ANY, "O", NOWHERE, "gives the data, keeps them dirty"),
    T("O", OTHER_READ, ANY, "O", NOWHERE, "gives the data, keeps them dirty"),
    T("O", OTHER_READ, ANY, "S", NOWHERE, "gives the data, which an eviction has written home before"),
    T("O", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated; gives the dirty data to a writer that has none"),
    T("O", EVICT, ANY, "I", NOWHERE, "written home"),
    T("O", EVICT, ALONE, "M", NOWHERE, "the last sharer left"),
    T("O", EVICT, ALONE, "E", NOWHERE, "the last sharer left after an eviction had written home"),
)

DOMAIN_TABLES: Final = {"MESIF": MESIF_TABLE, "MOESI": MOESI_TABLE}

CORE_TABLE: Final = (  # one core; the others are those of its domain and of all others
    T("I", READ, ALONE, "E", ANY, "nobody else has it and the domain owns it"),
    T("I", READ, ANY, "S", ANY, "somebody else has it, or only the domain's L3 as a sharer"),
    T("S", READ, ANY, "S", ANY, "hit"),
    T("E", READ, ALONE, "E", ANY, "hit"),
    T("M", READ, ALONE, "M", ANY, "hit"),
    T("I", WRITE, ANY, "M", ANY, "read for ownership"),
    T("S", WRITE, ANY, "M", ANY, "upgrade"),
    T("E", WRITE, ALONE, "M", ANY, "silent"),
    T("M", WRITE, ALONE, "M", ANY, "hit"),
    T("S", OTHER_READ, ANY, "S", NOWHERE, ""),
    T("E", OTHER_READ, ANY, "S", NOWHERE, "gives the data"),
    T("M", OTHER_READ, ANY, "S", NOWHERE, "gives the data; inside the domain they go to its L3"),
    T("S", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated"),
    T("E", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated"),
    T("M", OTHER_WRITE, ANY, "I", NOWHERE, "invalidated"),
    T("S", EVICT, ANY, "I", NOWHERE, "to the L3, unless another core or the L3 has it"),
    T("E", EVICT, ALONE, "I", NOWHERE, "to the L3"),
    T("M", EVICT, ALONE, "I", NOWHERE, "to the L3, dirty"),
)

"""The coherence protocols' tables as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES

if TYPE_CHECKING:
    from simslab.instruments.protocol_tables import Transition


def protocol_text(name: str) -> str:
    """Return the tables of a protocol, by state."""
    lines = [f"{name}: the caches below one L3, as the line's home sees them", *_table(DOMAIN_TABLES[name])]
    lines += ["", "One core's L1 and L2; the others are those of its domain and of all others", *_table(CORE_TABLE)]
    return "\n".join([*lines, ""])


def _table(rows: Sequence[Transition]) -> Iterator[str]:
    yield f"{'state':<7}{'event':<14}{'others':<8}{'next':<6}{'data from':<22}"
    states = list(dict.fromkeys(row.state for row in rows))
    for row in sorted(rows, key=lambda row: states.index(row.state)):
        yield f"{row.state:<7}{row.event:<14}{row.others:<8}{row.next:<6}{row.data:<22}{row.says}".rstrip()

"""The slowest operations of a run: where each cycle went, and who held the locks that they waited for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from simslab.machine.accounting.causes import CAUSE_NAMES, LOCK_HANDOVER, LOCK_WAIT
from simslab.result.nanoseconds import nanoseconds
from simslab.workload.run.event_log import EventLog, Hold, Operation

WAITING = (CAUSE_NAMES[LOCK_WAIT], CAUSE_NAMES[LOCK_HANDOVER])
MOST_HOLDERS = 8
IDLE = "idle"


def worst_text(log: EventLog) -> str:
    """Return a paragraph for each of the slowest operations, the slowest first."""
    parts = ["\n".join(_told(number, each, log)) for number, each in enumerate(log.worst, 1)]
    return "\n\n".join(parts) + "\n" if parts else "no operation\n"


def _told(number: int, each: Operation, log: EventLog) -> Iterator[str]:
    hz = log.frequency_hz
    task = log.tasks.get(each.cpu, IDLE)
    since = nanoseconds(abs(each.start - log.began), hz) / 1000
    where = "into" if each.start >= log.began else "before"  # in a softirq as warm-up ended
    inside = ", in an interrupt handler" if each.in_handler else ""
    took = f"{each.cycles:,} cycles ({nanoseconds(each.cycles, hz):,.1f} ns)"
    yield f"{number}. {each.operation} {each.path} of {each.cache}: {took}"
    yield f"     {since:,.1f} us {where} the region, on CPU {each.cpu} ({task}){inside}"
    for cause, cycles in sorted(each.causes.items(), key=lambda item: (-item[1], item[0])):
        yield f"     {cause:<15} {cycles:>10,} cycles {100 * cycles / each.cycles:5.1f}%"
    yield from _holders(each, log)


def _holders(each: Operation, log: EventLog) -> Iterator[str]:
    for own, others in held_meanwhile(each, log):
        yield f"     {own.lock} (taken in {own.site} after {own.start - each.start:,} cycles) was held meanwhile by"
        yield from _rows(others[-MOST_HOLDERS:], each)
        if len(others) > MOST_HOLDERS:
            yield f"       and {len(others) - MOST_HOLDERS} times before"


def held_meanwhile(each: Operation, log: EventLog) -> Iterator[tuple[Hold, list[Hold]]]:
    """Yield, for each lock that the operation took, who held it between its last release and this acquisition.

    Nothing of an operation that did not wait for a lock, or of a lock that nobody else held.
    """
    if not any(each.causes.get(cause) for cause in WAITING):
        return
    mine = [hold for hold in log.holds if hold.cpu == each.cpu and each.start <= hold.start <= each.end]
    for own in mine:
        since = max([each.start, *(hold.end for hold in mine if hold.end <= own.start)])
        others = [hold for hold in log.holds if hold.lock == own.lock and hold.cpu != own.cpu and
                  hold.end > since and hold.start < own.start]  # fmt: skip
        if others:
            yield own, others


def _rows(holds: Sequence[Hold], each: Operation) -> Iterator[str]:
    for hold in holds:
        took = f"{hold.end - hold.start:,} cycles, {_during(hold, each):,} of them during this"
        yield f"       CPU {hold.cpu} in {hold.site}: {took}"


def _during(hold: Hold, each: Operation) -> int:
    return min(hold.end, each.end) - max(hold.start, each.start)


def worst_json(log: EventLog) -> str:
    """Return what `worst_text` tells as JSON, all holders."""
    document = {"frequency_hz": log.frequency_hz, "operations": [_document(each, log) for each in log.worst]}
    return json.dumps(document, indent=2) + "\n"


def _document(each: Operation, log: EventLog) -> dict[str, Any]:
    hz = log.frequency_hz
    waited = [
        {
            "lock": own.lock,
            "site": own.site,
            "after": own.start - each.start,
            "held": [
                {"cpu": hold.cpu, "site": hold.site, "cycles": hold.end - hold.start, "during": _during(hold, each)}
                for hold in others
            ],
        }
        for own, others in held_meanwhile(each, log)
    ]
    return {
        "operation": each.operation,
        "path": each.path,
        "cache": each.cache,
        "cycles": each.cycles,
        "ns": nanoseconds(each.cycles, hz),
        "start_us": nanoseconds(each.start - log.began, hz) / 1000,
        "cpu": each.cpu,
        "task": log.tasks.get(each.cpu, IDLE),
        "in_handler": each.in_handler,
        "causes": each.causes,
        "waited": waited,
    }

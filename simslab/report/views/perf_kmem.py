"""`perf kmem stat --caller` of a run (tools/perf/builtin-kmem.c: __print_slab_result, print_slab_summary).

Call sites are those that a trace recorded, else the threads of the workload, as the ftrace view has them. They are
sorted as perf does by default: by fragmentation, hits and bytes, the largest first. Cross CPU allocations are perf's:
those that asked for a node other than the CPU's (evsel__process_alloc_node_event).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simslab.report.views.ftrace import task_name
from simslab.workload.run.event_log import EventLog

RULE: Final = "-" * 105
FREES: Final = ("kfree", "kmem_cache_free")
NODE_ALLOCATIONS: Final = ("kmalloc_node", "kmem_cache_alloc_node")


@dataclass
class Caller:
    """What one call site allocated; `pingpong` counts objects that another CPU freed."""

    name: str
    hit: int = 0
    pingpong: int = 0
    bytes_req: int = 0
    bytes_alloc: int = 0

    @property
    def fragmentation(self) -> float:
        """Percent of the bytes allocated that were not asked for."""
        return fragmentation(self.bytes_req, self.bytes_alloc)


def fragmentation(asked: int, allocated: int) -> float:
    """Return the percentage that is lost to rounding up."""
    return 100.0 - 100.0 * asked / allocated if allocated else 0.0


def perf_kmem_text(log: EventLog) -> str:
    """Return the table of callers and the summary."""
    callers, freed = _counted(log)
    ordered = sorted(callers.values(), key=lambda c: (-c.fragmentation, -c.hit, -c.bytes_alloc, c.name))
    lines = [RULE, f" {'Callsite':<34} | Total_alloc/Per | Total_req/Per   | Hit      | Ping-pong | Frag", RULE]
    lines += [_row(caller) for caller in ordered]
    return "\n".join([*lines, RULE, *_summary(ordered, freed, _crossed(log))]) + "\n"


def _counted(log: EventLog) -> tuple[dict[str, Caller], int]:
    """Return the callers by name, and the bytes freed of what was allocated meanwhile."""
    callers: dict[str, Caller] = {}
    live: dict[int, tuple[Caller, int, int]] = {}
    freed = 0
    for event in log.objects:
        if event.event in FREES:
            caller, cpu, size = live.pop(event.address, (None, 0, 0))
            if caller is not None:
                freed += size
                caller.pingpong += cpu != event.cpu
            continue
        name = event.site.partition("/")[0].replace("+0x", "+") or f"{task_name(event.task)}+0"
        caller = callers.setdefault(name, Caller(name))
        caller.hit += 1
        caller.bytes_req += event.bytes_req
        caller.bytes_alloc += event.bytes_alloc
        live[event.address] = (caller, event.cpu, event.bytes_alloc)
    return callers, freed


def _crossed(log: EventLog) -> int:
    """Return how many allocations asked for a node that is not the CPU's."""
    return sum(e.event in NODE_ALLOCATIONS and e.node != log.node_of[e.cpu] for e in log.objects)


def _row(c: Caller) -> str:
    return (
        f" {c.name:<34} | {c.bytes_alloc:9d}/{c.bytes_alloc // c.hit:<5d} | {c.bytes_req:9d}/{c.bytes_req // c.hit:<5d}"
        f" | {c.hit:8d} | {c.pingpong:9d} | {c.fragmentation:6.3f}%"
    )


def _summary(callers: list[Caller], freed: int, crossed: int) -> list[str]:
    asked, allocated = sum(c.bytes_req for c in callers), sum(c.bytes_alloc for c in callers)
    net = [f"Net total bytes allocated: {allocated - freed:,}"] if allocated > freed else []
    return [
        "",
        "SUMMARY (SLAB allocator)",
        "========================",
        f"Total bytes requested: {asked:,}",
        f"Total bytes allocated: {allocated:,}",
        f"Total bytes freed:     {freed:,}",
        *net,
        f"Total bytes wasted on internal fragmentation: {allocated - asked:,}",
        f"Internal fragmentation: {fragmentation(asked, allocated):f}%",
        f"Cross CPU allocations: {crossed:,}/{sum(c.hit for c in callers):,}",
    ]

"""Replays a recorded trace operation by operation and compares the allocator's state after each one.

A trace belongs to one private cache; CPUs act one at a time, so the replay needs no engine. What the recording could
not determine, the order in which CPUs answered a drain interrupt, is taken from the trace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.conform.operations import MOST_MASK, MOST_OBJECTS, MOST_TUNED, gfp_of, raise_if_interrupt
from simslab.conform.records import (
    LARGEST_ALIGN,
    LARGEST_FLAGS,
    LARGEST_SIZE,
    Object,
    Record,
    first_record,
    lines_of,
    read_records,
)
from simslab.conform.slab import state
from simslab.conform.topologies import new_system, options_of
from simslab.conform.verdict import Verdict
from simslab.kernel.mm import gfp
from simslab.slab.creation.cpucache import do_tune_cpucache

if TYPE_CHECKING:
    from simslab.machine.core.cpu import Cpu

NEVER_DUE: Final = 1 << 60
UNSIGNED_LONG: Final = (1 << 64) - 1  # the kernel's counters wrap
ARGUMENTS: Final = ("gfp", "node", "o", "cnt", "limit", "batchcount", "shared", "due", "reap_node", "mask")
HEADER_GEOMETRY: Final = ("size", "object_size", "align", "num", "gfporder", "colour", "colour_off", "freelist_size")


class TraceReplay:
    """One trace being replayed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.verdict = Verdict(path.name, "trace")
        self.previous = ""  # state text before the operation in progress

    def run(self) -> Verdict:
        """Replay to the end or to the first difference."""
        with lines_of(self.path) as lines:
            if self.prepare(first_record(self.path, lines)):
                self.replay(lines)
        return self.verdict

    def prepare(self, header: Record) -> bool:
        """Build the system and the private cache that the header describes; whether they equal it."""
        options = options_of(self.path.name, slab_nomerge=True)
        self.header, self.options = header, options
        self.allocator = new_system(header.text("topo"), options)
        self.cpus: list[Cpu] = self.allocator.kernel.machine.cpus
        self.nids = list(self.allocator.kernel.online_nodes)
        self.names = state.SlabNames(self.allocator.pages)
        self.allocator.pages.observer = self.names
        self.live: set[Object] = set()
        cache = self.allocator.kmem_cache_create(
            header.text("name"),
            header.integer("req_size", 1, LARGEST_SIZE),
            header.integer("req_align", 0, LARGEST_ALIGN) if "req_align" in header else 0,
            header.integer("req_flags", 0, LARGEST_FLAGS),
            header.integer("ctor", 0, 1),
        )
        if cache is None:
            self.verdict.difference = f"the cache {header['name']} could not be created"
            return False
        self.cache = self.names.cache = cache
        self.allocator.pages.deny_cache = cache.index
        if header.get("tuned_first"):
            self.tune(self.cpus[0], header)
        return self.check_header()

    def check_header(self) -> bool:
        """Compare geometry, tunables and the initial state."""
        header, verdict, cache = self.header, self.verdict, self.cache
        for name in HEADER_GEOMETRY:
            verdict.compare("header", name, header[name], getattr(cache, name))
        for name in ("limit", "batchcount", "shared"):
            verdict.compare("header", name, header[name], getattr(cache, name))
        for cpu_id, nid in enumerate(header.integers("reap_node", 0, len(self.nids) - 1, len(self.cpus))):
            self.allocator.reaper.slab_reap_node[cpu_id] = nid
        self.previous = state.state_text(cache, self.nids, self.names.pages)
        wanted = json.dumps({"ac": header["ac"], "n": header["n"]}, separators=(",", ":"))[1:-1]
        if wanted != self.previous and verdict.ok:
            verdict.difference = f"header: initial state: {state.describe_difference(wanted, self.previous)}"
        self.fields = wanted.count(",") + 1  # numbers in a state text
        return verdict.ok

    def replay(self, lines: Iterator[str]) -> None:
        """Run every operation."""
        for line, text in read_records(self.path, lines, start=2):
            self.names.events = []
            self.verdict.rows += 1
            try:
                result = self.operate(line)
            except UserError:
                raise
            except Exception as error:  # a broken contract of the kernel is a finding about this operation
                self.fail(line, f"{type(error).__name__}: {error}")
                raise_if_interrupt(error)
                return
            if not self.check(line, text, result):
                return

    def operate(self, line: Record) -> dict[str, Any]:
        """Run one operation; its results by the names of the trace."""
        cpu = self.cpus[line.integer("cpu", 0, len(self.cpus) - 1)]
        cpu.now = max(other.now for other in self.cpus)  # one at a time: nobody is behind a lock's last release
        allocator, cache, names = self.allocator, self.cache, self.names
        offset = cache.obj_offset  # traces of debug builds name slots; callers hold addresses behind the red zone
        match line["op"]:
            case "alloc":
                return {"r": self.named(allocator.kmem_cache_alloc(cpu, cache, gfp_of(line)))}
            case "alloc_node":
                node = line.integer("node", -1, len(self.nids) - 1)
                return {"r": self.named(allocator.kmem_cache_alloc_node(cpu, cache, gfp_of(line), node))}
            case "free":
                allocator.kmem_cache_free(cpu, cache, names.address(line.object_name("o", self.live)) + offset)
            case "bulk_alloc":
                count = line.integer("cnt", 0, MOST_OBJECTS)
                objects = allocator.kmem_cache_alloc_bulk(cpu, cache, gfp_of(line), count)
                return {"ret": len(objects), "r": [self.named(found) for found in objects]}
            case "bulk_free":
                freed = line.object_names("o", self.live)
                allocator.kmem_cache_free_bulk(cpu, cache, [names.address(name) + offset for name in freed])
            case "shrink":
                order = line.events("D", 0, len(self.cpus) - 1)
                return {"ret": allocator.kmem_cache_shrink_in_order(cpu, cache, order)}
            case "tune":
                return {"ret": self.tune(cpu, line)}
            case "reap":
                return self.reap(cpu, line)
            case "deny":
                allocator.pages.deny_mask = line.integer("mask", 0, MOST_MASK)
            case _:
                line.refuse("op", "an operation of a trace of SLAB")
        return {}

    def named(self, objp: int) -> list[int] | None:
        """Return the name of an object that was allocated, and is in use from now on; None for NULL."""
        if not objp:
            return None
        slab, index = self.names.name(objp - self.cache.obj_offset)
        self.live.add((slab, index))
        return [slab, index]

    def tune(self, cpu: Cpu, line: Record) -> int:
        """Apply tunables by the rule of slabinfo_write: triples that make no sense change nothing."""
        limit, batchcount, shared = (line.integer(name, -1, MOST_TUNED) for name in ("limit", "batchcount", "shared"))
        if limit < 1 or batchcount < 1 or batchcount > limit or shared < 0:
            return 0
        return do_tune_cpucache(self.allocator, cpu, self.cache, limit, batchcount, shared, gfp.GFP_KERNEL)

    def reap(self, cpu: Cpu, line: Record) -> dict[str, Any]:
        """Run cache_reap once, with the node made due or not."""
        node = self.cache.node[self.allocator.kernel.cpu_to_mem[cpu.id]]
        assert node is not None
        node.next_reap = 0 if line.integer("due", 0, 1) else NEVER_DUE
        before = self.allocator.reaper.slab_reap_node[cpu.id]
        self.allocator.reaper.cache_reap(cpu)
        return {"reap_node": before}

    def check(self, line: Record, text: str, result: dict[str, Any]) -> bool:
        """Compare results, events and state; whether all are equal."""
        for name, value in result.items():
            if not self.same(line, "returned" if name == "r" else name, line[name], value):
                return False
        if not self.check_events(line):
            return False
        if self.options.debug_slab and "st" in line and not self.check_statistics(line):
            return False
        return self.check_state(line, text) and self.check_full(line)

    def same(self, line: Record, name: str, expected: object, got: object) -> bool:
        """Count a comparison; describe it if it failed."""
        self.verdict.checks += 1
        if expected != got:
            self.fail(line, f"{name}: expected {expected}, got {got}")
        return expected == got

    def check_events(self, line: Record) -> bool:
        """Compare slabs obtained and destroyed, in order; after a shrink as a set."""
        wanted = [event[:4] if event[0] == "g" else event for event in line.get("ev", ()) if event[0] != "D"]
        got = self.names.events
        if line["op"] == "shrink":
            wanted, got = sorted(wanted), sorted(got)
        return self.same(line, "slabs obtained (g) and destroyed (d)", wanted, got)

    def check_statistics(self, line: Record) -> bool:
        """Compare the counters of a DEBUG_SLAB build."""
        return all(
            self.same(line, name, expected, getattr(self.cache, name) & UNSIGNED_LONG)
            for name, expected in zip(state.STATISTICS, line["st"], strict=True)
        )

    def check_state(self, line: Record, text: str) -> bool:
        """Compare the state text, or its digest."""
        got = state.state_text(self.cache, self.nids, self.names.pages)
        self.verdict.checks += self.fields
        if "h" in line:
            if state.fnv1a_32(got) != line["h"]:
                self.fail(line, f"digest of the state: expected {line['h']}, got {state.fnv1a_32(got)} of {got}")
        elif not text.startswith(got, text.index('"ac":[')):
            wanted = json.dumps({"ac": line["ac"], "n": line["n"]}, separators=(",", ":"))[1:-1]
            self.fail(line, state.describe_difference(wanted, got))
        self.previous = got
        return self.verdict.ok

    def check_full(self, line: Record) -> bool:
        """Compare the complete contents where the trace has them."""
        if "full" not in line:
            return True
        got = state.full_state(self.cache, self.nids, self.names)
        self.verdict.checks += sum(len(part) for part in got["ac"]) + 5 * len(got["n"])
        difference = state.describe_full_difference(line["full"], got)
        if difference:
            self.fail(line, difference)
        return not difference

    def fail(self, line: Record, difference: str) -> None:
        """Keep the first difference, with the operation and the state before it."""
        arguments = " ".join(f"{name}={line[name]}" for name in ARGUMENTS if name in line)
        self.verdict.difference = (
            f"operation {line['i']} ({line['op']} on CPU {line['cpu']}{' ' if arguments else ''}{arguments}): "
            f"{difference}; state before: {self.previous}"
        )


def check_trace(path: Path) -> Verdict:
    """Replay one trace or decay file."""
    return TraceReplay(path).run()

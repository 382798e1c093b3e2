"""Replays a recorded trace operation by operation and compares the allocator's whole state after each one.

A trace belongs to one private cache; CPUs act one at a time, so the replay needs no engine. What the recording could
not determine is taken from the trace: the order in which CPUs answered a flush interrupt (`F`), and what the cycle
counter read when SLUB decided whether to look at other nodes (`x`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.conform.operations import (
    MOST_MASK,
    MOST_OBJECTS,
    MOST_TUNED,
    gfp_of,
    raise_if_interrupt,
)
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
from simslab.conform.slub.geometry import options_of
from simslab.conform.slub.state import CPU_FIELDS, NODE_FIELDS, SLAB_FIELDS, SlabNames, State, StateReader
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slub.housekeeping.shrink import flush_all, flush_cpus
from simslab.slub.stat_item import STAT_ITEMS

if TYPE_CHECKING:
    from simslab.machine.core.cpu import Cpu

ARGUMENTS: Final = ("gfp", "node", "o", "cnt", "v", "target", "mask", "high_order")
MOST_NODES: Final = 1 << 10  # MAX_NUMNODES; a node that the machine lacks is one without memory
ORDERS: Final = ("oo", "min", "max")
HEADER_FIELDS: Final = (
    "size",
    "object_size",
    "offset",
    "inuse",
    "red_left_pad",
    "align",
    "min_partial",
    "cpu_partial",
    "flags",
    "refcount",
    "allocflags",
    "useroffset",
    "usersize",
    "remote_node_defrag_ratio",
    "debug",
)
TUNABLES: Final = ("min_partial", "cpu_partial", "remote_node_defrag_ratio")
ATTRIBUTES: Final = {
    "tune_min_partial": "min_partial",
    "tune_cpu_partial": "cpu_partial",
    "tune_defrag_ratio": "remote_node_defrag_ratio",
}


class TraceReplay:
    """One trace being replayed. It is also the allocator's source of cycle values."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.verdict = Verdict(path.name, "trace")
        self.cycle_values: list[int] = []

    def run(self) -> Verdict:
        """Replay to the end or to the first difference."""
        with lines_of(self.path) as lines:
            if self.prepare(first_record(self.path, lines)):
                self.replay(lines)
        return self.verdict

    def prepare(self, header: Record) -> bool:
        """Build the system and the private cache that the header describes; whether they equal it."""
        self.header = header
        topology = header.text("topo")
        self.allocator = new_system(topology, options_of(topology, slab_nomerge=True))
        self.cpus: list[Cpu] = self.allocator.kernel.machine.cpus
        self.names = SlabNames(self.allocator)
        self.allocator.observe(self.names)
        self.allocator.get_partial.cycles = self
        cache = self.allocator.kmem_cache_create(
            header.text("name"),
            header.integer("req_size", 1, LARGEST_SIZE),
            header.integer("req_align", 0, LARGEST_ALIGN),
            header.integer("req_flags", 0, LARGEST_FLAGS),
            header.integer("ctor", 0, 1),
        )
        if cache is None:
            self.verdict.difference = f"the cache {header['name']} could not be created"
            return False
        self.cache = self.names.cache = cache
        self.allocator.pages.deny_cache = cache.index
        self.live: set[Object] = set()
        self.reader = StateReader(self.names, list(range(header.integer("nr_cpu_ids", 1, len(self.cpus)))))
        return self.check_header()

    def check_header(self) -> bool:
        """Compare geometry, limits and the initial state."""
        header, verdict, cache = self.header, self.verdict, self.cache
        for name in HEADER_FIELDS:
            verdict.compare("header", name, header[name], getattr(cache, name))
        for name in ORDERS:
            got = [getattr(cache, f"{name}_order"), getattr(cache, f"{name}_objects")]
            verdict.compare("header", name, header[name], got)
        reciprocal = [cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2]
        verdict.compare("header", "reciprocal", header["reciprocal"], reciprocal)
        verdict.compare("header", "has_cpu_partial", header["has_cpu_partial"], 1 - cache.debug)
        verdict.compare("header", "cpu_mem", header["cpu_mem"], [cpu.numa_mem for cpu in self.cpus])
        for nid, nodes in header["zonelists"].items():
            got = list(dict.fromkeys(self.allocator.kernel.zonelists[int(nid)]))
            verdict.compare("header", f"zonelist of node {nid}", list(dict.fromkeys(nodes)), got)
        self.before = self.reader.read()
        self.expected: State = {"fl": {cpu: [] for cpu in self.reader.online}, "s": {}}
        verdict.compare("header", "CPUs", header["c"], self.before["c"])
        verdict.compare("header", "nodes", header["n"], self.before["n"])
        return verdict.ok

    def replay(self, lines: Iterator[str]) -> None:
        """Run every operation."""
        for line, _ in read_records(self.path, lines, start=2):
            self.names.events = []
            self.cycle_values = line.events("x", 0, (1 << 63) - 1)
            self.verdict.rows += 1
            try:
                result = self.operate(line)
            except UserError:
                raise
            except Exception as error:  # a broken contract of the kernel is a finding about this operation
                self.fail(line, f"{type(error).__name__}: {error}")
                raise_if_interrupt(error)
                return
            if not self.check(line, result):
                return

    def get_cycles(self, cpu: Cpu) -> int:
        """The next recorded value of the cycle counter, which becomes an event of its own."""
        value = self.cycle_values.pop(0) if self.cycle_values else -1
        self.names.events.append(["x", value])
        return value

    def operate(self, line: Record) -> dict[str, Any]:
        """Run one operation; its results by the names of the trace."""
        last = len(self.cpus) - 1
        cpu = self.cpus[line.integer("cpu", 0, last)]
        cpu.now = max(other.now for other in self.cpus)  # one at a time: nobody is behind a lock's last release
        allocator, cache, names = self.allocator, self.cache, self.names
        allocator.flush_order = line.events("F", 0, last)
        match line["op"]:
            case "alloc":
                return {"r": self.named(allocator.kmem_cache_alloc(cpu, cache, gfp_of(line)))}
            case "alloc_node":
                node = line.integer("node", -1, MOST_NODES - 1)
                return {"r": self.named(allocator.kmem_cache_alloc_node(cpu, cache, gfp_of(line), node))}
            case "free":
                allocator.kmem_cache_free(cpu, cache, names.address(line.object_name("o", self.live)))
            case "bulk_alloc":
                count = line.integer("cnt", 0, MOST_OBJECTS)
                objects = allocator.kmem_cache_alloc_bulk(cpu, cache, gfp_of(line), count)
                return {"ret": len(objects), "r": [self.named(found) for found in objects]}
            case "bulk_free":
                freed = line.object_names("o", self.live)
                allocator.kmem_cache_free_bulk(cpu, cache, [names.address(name) for name in freed])
            case "shrink":
                return {"ret": allocator.kmem_cache_shrink(cpu, cache)}
            case "flush_all":
                flush_all(allocator, cpu, cache)
            case "flush_cpu":
                flush_cpus(allocator, cpu, cache, [line.integer("target", 0, last)])
            case "destroy":
                allocator.kmem_cache_destroy(cache, cpu)
            case "deny":
                allocator.pages.deny_mask = line.integer("mask", 0, MOST_MASK)
                allocator.pages.deny_high_order = line.integer("high_order", 0, 1)
            case other if other in ATTRIBUTES:
                ret = allocator.write_attribute(cpu, cache, ATTRIBUTES[other], line.integer("v", 0, MOST_TUNED))
                return {"ret": ret, **{name: getattr(cache, name) for name in TUNABLES}}
            case _:
                line.refuse("op", "an operation of a trace of SLUB")
        return {}

    def named(self, objp: int) -> list[int] | None:
        """Return the name of an object that was allocated, and is in use from now on; None for NULL."""
        name = self.names.name(objp)
        if name is not None:
            self.live.add((name[0], name[1]))
        return name

    def check(self, line: Record, result: dict[str, Any]) -> bool:
        """Compare results, events and state; whether all are equal."""
        for name, value in result.items():
            if not self.same(line, "returned" if name == "r" else name, line[name], value):
                return False
        wanted = [event[:5] if event[0] == "g" else event for event in line.get("ev", ())]
        if not self.same(line, "events", wanted, self.names.events):
            return False
        if line["op"] == "destroy":
            return self.same(line, "slabs left", [], sorted(self.names.seq.values()))
        return self.check_state(line)

    def check_state(self, line: Record) -> bool:
        """Compare every CPU, node, slab, freelist, counter and transaction number."""
        got = self.reader.read()
        before, self.before = self.before, got
        counted = {
            name: after - previous
            for name, previous, after in zip(STAT_ITEMS, before["st"], got["st"], strict=True)
            if after != previous
        }
        moved = [
            [cpu, new - old] for cpu, (old, new) in enumerate(zip(before["t"], got["t"], strict=True)) if new != old
        ]
        self.expect(line)
        expected = self.expected
        return (
            self.same(line, "counters", line["st"], counted)
            and self.same(line, "tids", line["t"], moved)
            and all(self.same_parts(line, "CPU", CPU_FIELDS, *pair) for pair in pairs(line["c"], got["c"]))
            and all(self.same_parts(line, "node", NODE_FIELDS, *pair) for pair in pairs(line["n"], got["n"]))
            and self.same(line, "CPU freelists", expected["fl"], got["fl"])
            and self.same(line, "slabs that live", sorted(expected["s"]), sorted(got["s"]))
            and all(self.same_slab(line, number) for number in expected["s"])
        )

    def expect(self, line: Record) -> None:
        """Bring the expected freelists and slabs up to date with what a line says of them."""
        expected = self.expected
        for event in line.get("ev", ()):
            if event[0] == "d":
                expected["s"].pop(event[1], None)
        complete = "full" in line
        if complete:
            expected["fl"] = {cpu: [] for cpu in self.reader.online}
            expected["s"] = {}
        expected["fl"].update(dict(line.get("fl", ())))
        for entry in line.get("s", ()):
            expected["s"][entry[0]] = entry

    def same_slab(self, line: Record, number: int) -> bool:
        """Compare one slab, in as many fields as the trace tells."""
        wanted = self.expected["s"][number]
        return self.same_parts(line, "slab", SLAB_FIELDS, wanted, self.before["s"][number][: len(wanted)])

    def same_parts(self, line: Record, what: str, names: tuple[str, ...], wanted: list[Any], got: list[Any]) -> bool:
        """Compare field by field; say which one differs."""
        if len(wanted) != len(got):
            return self.same(line, what, wanted, got)
        self.verdict.checks += len(wanted)
        for name, one, other in zip(names, wanted, got, strict=False):
            if one != other:
                self.fail(line, f"{what} {wanted[0]}: {name}: expected {one}, got {other}")
                return False
        return True

    def same(self, line: Record, name: str, expected: object, got: object) -> bool:
        """Count a comparison; describe it if it failed."""
        self.verdict.checks += 1
        if expected != got:
            self.fail(line, f"{name}: expected {expected}, got {got}")
        return expected == got

    def fail(self, line: Record, difference: str) -> None:
        """Keep the first difference, with the operation and the state before it."""
        arguments = " ".join(f"{name}={line[name]}" for name in ARGUMENTS if name in line)
        separator = " " if arguments else ""
        operation = f"operation {line['i']} ({line['op']} on CPU {line['cpu']}{separator}{arguments})"
        self.verdict.difference = f"{operation}: {difference}"


def pairs(wanted: list[Any], got: list[Any]) -> list[tuple[Any, Any]]:
    """Return expected and found entries side by side; a missing one is an empty list."""
    length = max(len(wanted), len(got))
    padded = [entries + [[]] * (length - len(entries)) for entries in (wanted, got)]
    return list(zip(padded[0], padded[1], strict=True))


def check_trace(path: Path) -> Verdict:
    """Replay one trace."""
    return TraceReplay(path).run()

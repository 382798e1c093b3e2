"""Lines of a recorded trace that are no kmem event in the usual layout: why each is none, or what it says.

What can stand in a trace (kernel/trace/trace.c and trace_output.c, trace-cmd's report, `perf script`):

| line | here |
|---|---|
| `# tracer: ...`, column headings | passed over |
| `# entries-in-buffer/entries-written: 10/25` | 15 events overwritten before the file begins |
| `##### CPU 2 buffer started ####`, `CPU 2 is empty`, `cpus=8`, `version = 6`, blank | no event, no fault |
| `CPU:1 [SUBBUFFER START]` (`trace-cmd report --debug`) | no event, no fault |
| `a.dat: cpus=8` | one of several recordings in a report: read as of one machine, counted |
| `CPU:1 [LOST 12 EVENTS]`, `CPU:1 [12 EVENTS DROPPED]`, perf's `PERF_RECORD_LOST lost 12` | 12 events lost |
| `CPU:1 [LOST EVENTS]`, `CPU:1 [EVENTS DROPPED]` | a gap of unknown size |
| `<stack trace>` or `<user stack trace>` behind a head, ` => symbol`, perf's indented addresses | a call chain |
| a head and another event, or the function tracer's `func <-caller` | an event of another kind |
| `bash-1977 0d.h1. 12us+: kmalloc: ...`, and its verbose form | latency format: read, microseconds from its start |
| the same behind `[   12.345678]`, or as dmesg -T and journalctl print it | a dump in the kernel's log: read |
| `ls-42 1d... 12.345678: ...` | `trace-cmd report -l`: read |
| ` 12.345678 |   1)  ls-42  |  /* kmalloc: ... */` | the function graph with funcgraph-proc and -abstime: read |
| `ls 42 [001] 2026-01-31 12:00:00.123456 12.345678: ...` | perf's field `tod`: read, the time of day passed over |
| any of these in a terminal's colours | as without |
| `kmalloc: call_site=...` without a whole head (nocontext-info, `perf script -F`) | without task, CPU or time |
| `call_site=... ptr=...` without the event's name (`perf script -F`) | a kmem event without a name |
| anything else, and kmem events whose fields are not understood | does not parse |
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from simslab.workload.trace.trace_events import NO_FIELDS, NO_KMEM

EXAMPLES: Final = 3  # lines that are kept to be shown
SHOWN: Final = 200  # bytes of each

OTHER_EVENT: Final = "event of another kind"
CALL_CHAIN: Final = "line of a call chain"
NO_CONTEXT: Final = "kmem event without task, CPU or time (option nocontext-info, perf script -F)"
NO_EVENT: Final = "kmem event without its name (perf script -F without event)"
UNPARSED: Final = "line that does not parse"
CUT: Final = "last line, cut off"
LINES: Final = frozenset(
    (OTHER_EVENT, NO_CONTEXT, NO_EVENT, UNPARSED, CUT)
)  # call chains belong to the events before them
LOST: Final = "events lost while recording"
GAPS: Final = "gaps of unknown size while recording (events lost)"
OVERWRITTEN: Final = "events overwritten in the ring buffer before the first line"
SEVERAL: Final = "recordings in one report (trace-cmd report -i a -i b; read as of one machine, not skipped)"

_NOT_EVENTS: Final = re.compile(
    rb"\s*cpus=\d+|version = .*|CPU \d+ is empty|(?:\xef\xbb\xbf)?\s*#.*|trace-cmd: .*|\s*"
    rb"|.*CPU:\d+ \[SUBBUFFER START\].*"
)
_RECORDING: Final = re.compile(rb"\s*(\S.*): cpus=\d+")
_LOST: Final = re.compile(rb"(?:\s*\S*: |\s*)CPU:\s*\d+ \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]")
_PERF_LOST: Final = re.compile(
    rb".*\bPERF_RECORD_LOST(?:_SAMPLES)?\b(?: lost (\d+))?|Processed \d+ events and lost \d+ .*"
)
_WRITTEN: Final = re.compile(rb"#\s*entries-in-buffer/entries-written:\s*(\d{1,18})/(\d{1,18})\b")
_CHAIN_HEAD: Final = re.compile(rb".*: (?:kernel_stack:\s+|user_stack:\s+)?<(?:user )?stack trace ?>\s*")
_CHAIN: Final = re.compile(
    rb"\s*=>.*"
    rb"|\s+[0-9a-f]+ \S.*\(.*\)(?: \(inlined\))?"  # perf: address, symbol, (object)
    rb"|\t\s*[0-9a-f]{4,16}(?: .*)?"
    rb"|\s{2,}\[?[\w.$@<>:~]+\]?(?:\+0x[0-9a-f]+)?(?: \(.*\))?"  # perf -F sym
)
_BARE: Final = re.compile(
    rb"(?:.*\s)?(?:kmem:)?(?:kmem_cache_(?:alloc|free|alloc_node)|kmalloc|kmalloc_node|kfree)"
    rb"(?:: *(?:\([^)]*\) *)?|\()call_site[=:].*"
)
_HEAD: Final = re.compile(rb".*\d\)?\s+\[\d+\].*\s[\d.]+: .*")
_NAMELESS: Final = re.compile(rb"(?:.*(?:\d|\d:|\])\s+)?call_site=.* ptr=.*")
_COLOURS: Final = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")  # of `grep --color=always`, `journalctl`, terminals
_PRINTK: Final = re.compile(
    rb"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ kernel: )?"  # of journalctl and syslog
    rb"(?:\s*(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}\] ?)?"
)
_LATENCY: Final = re.compile(
    rb"\s*(.{0,16})-(\d{1,10})\s+(\d{1,6}?)([^\s\d]\S{3,8})\s+(\d{1,18}(?:\.\d{1,9})?)(us)?[^\s:]?\s*: (.*)"
)
_VERBOSE: Final = re.compile(
    rb"\s*(.{0,16}?)\s+(\d{1,10})\s+(\d{1,6})\s+(\d{1,5})\s+[0-9a-f]{8}\s+[0-9a-f]{8,16}\s+\[[0-9a-f]{8,16}\]\s+"
    rb"(?:(\d{1,10})\.(\d{3})ms \(\+\d+\.\d{3}ms\)|(\d{1,18}) \(\+\d+\)): (.*)"
)
_WALL_CLOCK: Final = re.compile(rb"(.*\] (?:[A-Za-z]+\s+)?)\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +(\d+\.\d+: .*)")
_GRAPH: Final = re.compile(
    rb"\s*(\d{1,10}\.\d{1,9}) \|\s+(\d{1,6})\)\s+(.{0,16})-(\d{1,10})\s+\|(?:\s+(\S{4,9}) \|)?.*/\* (\S.*) \*/"
)


class LineNotes:
    """Counts what the lines say that are no event."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: list[str] = []
        self.recordings: set[bytes] = set()  # that `trace-cmd report` names

    def comment(self, line: bytes) -> None:
        """Take up a line that begins with '#'."""
        if written := _WRITTEN.match(line):
            kept, all_of_them = int(written[1]), int(written[2])
            self.counts[OVERWRITTEN] += max(0, all_of_them - kept)

    def line(self, state: int, line: bytes) -> None:
        """Count a line at which the scanner stopped."""
        if lost := _LOST.match(line) or _PERF_LOST.fullmatch(line):
            number = next((int(group[:15]) for group in lost.groups() if group), 0)
            self.counts[LOST if number else GAPS] += number or 1
        elif state == NO_FIELDS:
            self._unparsed(UNPARSED, line)
        elif recording := _RECORDING.fullmatch(line):
            self.recordings.add(recording[1])
            if len(self.recordings) > 1:
                self.counts[SEVERAL] = len(self.recordings)
        elif state == NO_KMEM and _NAMELESS.fullmatch(line):
            self._unparsed(NO_EVENT, line)
        elif state == NO_KMEM:
            self.counts[CALL_CHAIN if _CHAIN_HEAD.fullmatch(line) else OTHER_EVENT] += 1
        elif _BARE.fullmatch(line) and not _HEAD.fullmatch(line):
            self._unparsed(NO_CONTEXT, line)
        elif _NAMELESS.fullmatch(line):
            self._unparsed(NO_EVENT, line)
        elif _CHAIN.fullmatch(line):
            self.counts[CALL_CHAIN] += 1
        elif not _NOT_EVENTS.fullmatch(line):
            self._unparsed(UNPARSED, line)

    def cut(self, line: bytes) -> None:
        """Count the last line of a file, which has lost its end."""
        self._unparsed(CUT, line)

    def _unparsed(self, reason: str, line: bytes) -> None:
        self.counts[reason] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(line[:SHOWN].decode("utf-8", "replace"))


def uncoloured(line: bytes) -> bytes:
    """Return a line without the escapes that colour it on a terminal."""
    return _COLOURS.sub(b"", line) if b"\x1b" in line else line


def usual_layout(line: bytes) -> bytes | None:
    """Return a line of the latency format, in the kernel's log or not, of the function graph, or with perf's time of
    day, in the usual layout; None if it is none."""
    if in_log := _PRINTK.match(line):
        line = line[in_log.end() :]
    if found := _LATENCY.fullmatch(line):
        comm, pid, cpu, flags, time, us, event = found.groups()
        if us and b"." not in time:
            time = b"%d.%06d" % divmod(int(time), 10**6)
        return b"%s-%s [%s] %s %s: %s" % (comm, pid, cpu, flags, time, event)
    if found := _VERBOSE.fullmatch(line):
        comm, pid, cpu, flags, ms, us, count, event = found.groups()
        time = count or b"%d.%06d" % divmod(int(ms) * 1000 + int(us), 10**6)
        return b"%s-%s [%s] -0x%02x %s: %s" % (comm, pid, cpu, int(flags), time, event)
    if found := _GRAPH.fullmatch(line):
        time, cpu, comm, pid, irqs, event = found.groups()
        return b"%s-%s [%s] %s%s: %s" % (comm, pid, cpu, irqs + b" " if irqs else b"", time, event)
    if found := _WALL_CLOCK.fullmatch(line):
        return found[1] + found[2]
    return None

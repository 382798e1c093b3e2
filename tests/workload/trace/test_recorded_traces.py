"""Small recordings of every layout that is known, each with what is in it."""

import os
import subprocess
import sys
from pathlib import Path

import mutated_traces
import pytest

from simslab.workload.trace.kmem_trace import (
    HARDIRQ_CONTEXT,
    NO_NAME,
    SOFTIRQ_CONTEXT,
    TASK_CONTEXT,
    UNKNOWN_PTR,
    read_call_sites,
    read_kmem_trace,
)
from simslab.workload.trace.pairing import pair

RECORDED = Path(__file__).parent / "recorded"


def recorded(name):
    return read_kmem_trace(RECORDED / name)


def gfp_of(trace):
    return [trace.gfp_bits[i] for i in trace.gfp if i]


def test_call_sites_in_modules_are_read(tmp_path):
    trace = recorded("module-call-site.txt")
    paired = pair(trace)
    assert (len(trace), trace.skipped, paired.skipped) == (8, {}, {})
    assert (paired.nr_slots, paired.never_freed) == (4, 0)


def test_a_last_line_that_was_cut_is_no_event():
    trace = recorded("cut-in-gfp-flags.txt")
    assert (len(trace), trace.lines) == (2, 3)
    assert trace.skipped == {"last line, cut off": 1}
    assert trace.unparsed_examples[0].endswith("gfp_flags=GF")


def test_flags_without_underscores_mean_the_same():
    assert gfp_of(recorded("old-gfp-names.txt")) == [0xCC0 | 0x100, 0x2000 | 0x10000 | 0x40000]


def test_null_pointers_and_pointers_before_hashing():
    trace = recorded("null-pointers.txt")
    assert trace.ptr.tolist() == [0, 0, 0, UNKNOWN_PTR, 0xAA000003]
    assert trace.skipped == {}
    told = {"free of NULL": 3, "free of an object allocated before the recording": 1}
    assert pair(trace).skipped == told


def test_lost_events_are_no_lines():
    trace = recorded("lost-events.txt")
    assert (len(trace), trace.lines, trace.lines_skipped) == (3, 8, 0)
    gaps = "gaps of unknown size while recording (events lost)"
    assert trace.skipped == {"events lost while recording": 15, gaps: 2}


@pytest.mark.parametrize(("name", "lines"), [("call-chains-perf.txt", 3), ("call-chains-ftrace.txt", 6)])
def test_call_chains_are_known(name, lines):
    trace = recorded(name)
    assert (len(trace), trace.lines_skipped) == (2, 0)
    assert trace.skipped == {"line of a call chain": lines}


def test_the_option_fields_is_read():
    trace = recorded("fields-option.txt")
    assert (len(trace), trace.skipped) == (2, {})
    assert (trace.bytes_req[0], trace.bytes_alloc[0], gfp_of(trace), trace.node[0]) == (64, 64, [0xCC0], -1)
    assert pair(trace).skipped == {}
    assert pair(trace).never_freed == 0


def test_the_latency_format_is_read():
    trace = recorded("latency-format.txt")
    assert trace.skipped == {}
    assert trace.cpu.tolist() == [0, 1, 12, 1]
    assert trace.time.tolist() == [0, 12_000, 1_000_001_000, 1_000_002_000]
    assert trace.context.tolist() == [TASK_CONTEXT, HARDIRQ_CONTEXT, TASK_CONTEXT, TASK_CONTEXT]
    assert [trace.pids[i] for i in trace.task] == ["1977", "0", "1977", "1977"]
    assert trace.has_time
    assert pair(trace).never_freed == 0


def test_the_headings_say_which_flag_is_the_context():
    trace = recorded("preempt-rt.txt")
    assert trace.context.tolist() == [TASK_CONTEXT, HARDIRQ_CONTEXT, HARDIRQ_CONTEXT]
    assert trace.skipped == {"events overwritten in the ring buffer before the first line": 25}


def test_a_clock_that_only_counts_has_no_time():
    trace = recorded("clock-counter.txt")
    assert (len(trace), trace.skipped, trace.has_time) == (2, {}, False)
    assert trace.time.tolist() == [1789, 1792]


def test_what_the_tools_print_is_read():
    trace = recorded("tools.txt")
    assert trace.cpu.tolist() == [2, 1, 20, 0, 1]
    assert [trace.pids[i] for i in trace.task] == ["273881", "5298", "264249", "7666", "4243"]
    assert trace.ptr.tolist()[0] == 0xFFFF99E93F007300 - (1 << 64)
    assert gfp_of(trace) == [0xA20, 0xCC0, 0xCC0, 0xD40]
    assert trace.node.tolist() == [-1, 1, -1, -1, -1]
    assert trace.name.tolist() == [NO_NAME] * 5
    assert trace.skipped == {"events lost while recording": 12, "line of a call chain": 6}


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.iterdir()))
def test_every_event_has_its_call_site_as_printed(name):
    """Of lines that are events the call sites, whatever else stands between them."""
    sites = read_call_sites(RECORDED / name)
    assert len(sites) == len(recorded(name))
    text = (RECORDED / name).read_text(errors="replace")
    told = iter(line for line in text.splitlines() if "call_site=" in line)
    for site in sites:
        assert site
        assert any(f"call_site={site} " in line for line in told), site


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.iterdir()))
def test_windows_line_ends_change_nothing(name, tmp_path):
    text = (RECORDED / name).read_bytes()
    (tmp_path / name).write_bytes(text.replace(b"\n", b"\r\n"))
    there, here = read_kmem_trace(tmp_path / name), recorded(name)
    assert (there.ptr.tolist(), there.time.tolist(), there.skipped) == (
        here.ptr.tolist(),
        here.time.tolist(),
        here.skipped,
    )


def test_recordings_with_faults_are_read_the_same_compiled_and_plain():
    command = [sys.executable, mutated_traces.__file__, "500"]
    plain = subprocess.run(command, env={**os.environ, "SIMSLAB_PURE": "1"}, capture_output=True, text=True, check=True)
    assert plain.stdout.strip() == mutated_traces.digest(500)


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.iterdir()))
def test_colours_of_a_terminal_change_nothing(name, tmp_path):
    """As `grep --color=always` and `journalctl` leave them in a file; of whole lines."""
    *lines, cut = (RECORDED / name).read_bytes().replace(b"kmalloc:", b"\x1b[mkmalloc\x1b[K:").split(b"\n")
    coloured = [b"\x1b[1;31m" + line + b"\x1b[0m" if line else b"" for line in lines]
    (tmp_path / name).write_bytes(b"\n".join([*coloured, cut.replace(b"\x1b[m", b"").replace(b"\x1b[K", b"")]))
    there, here = read_kmem_trace(tmp_path / name), recorded(name)
    assert (there.ptr.tolist(), there.time.tolist(), there.lines, there.skipped) == (
        here.ptr.tolist(),
        here.time.tolist(),
        here.lines,
        here.skipped,
    )
    assert len(read_call_sites(tmp_path / name)) == len(here)


OTHER = "event of another kind"
CHAIN = "line of a call chain"
BEFORE = "free of an object allocated before the recording"
PUBLISHED = {  # kernel: events, what is skipped, pointers that are allocated; each excerpt says whose it is
    "2.6": (3, {OTHER: 4, "free of NULL": 2}, 1),
    "3": (9, {CHAIN: 5, "free of NULL": 2}, 7),
    "4": (6, {OTHER: 2, CHAIN: 4}, 5),
    "5": (5, {OTHER: 1, "free of NULL": 1, BEFORE: 1}, 3),
    "6": (7, {OTHER: 1, BEFORE: 1}, 5),
}


@pytest.mark.parametrize("kernel", PUBLISHED)
def test_published_recordings_are_read(kernel):
    events, skipped, allocated = PUBLISHED[kernel]
    trace = recorded(f"published-linux-{kernel}.txt")
    paired = pair(trace)
    assert len(trace) == events
    assert trace.skipped | paired.skipped == skipped
    assert paired.nr_slots == allocated
    assert trace.unparsed_examples == ()


def test_flags_nodes_and_sizes_of_published_recordings_are_as_printed():
    late = recorded("published-linux-6.txt")
    assert late.bytes_req.tolist() == [576, 224, 0, 4096, 0, 2312, 2896]
    assert late.node.tolist() == [-1, -1, -1, -1, -1, -1, 0]
    assert [late.names[i] for i in late.name if i != NO_NAME] == ["names_cache", "names_cache"]
    assert gfp_of(late)[2:] == [0xCC0, 0xDC0, 0xDC0]
    early = recorded("published-linux-4.txt")
    assert gfp_of(early)[:2] == [0x400CC0 | 0x2000 | 0x100, 0xCC0]
    assert early.context.tolist()[-2:] == [HARDIRQ_CONTEXT, SOFTIRQ_CONTEXT]

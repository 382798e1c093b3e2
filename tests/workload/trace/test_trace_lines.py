import pytest

from simslab.workload.trace.trace_events import NO_FIELDS, NO_HEAD, NO_KMEM
from simslab.workload.trace.trace_lines import LineNotes, usual_layout

NO_CONTEXT = "kmem event without task, CPU or time (option nocontext-info, perf script -F)"
NO_EVENT = "kmem event without its name (perf script -F without event)"
GAPS = "gaps of unknown size while recording (events lost)"


def counts(*lines, state=NO_HEAD):
    notes = LineNotes()
    for line in lines:
        notes.line(state, line)
    return dict(notes.counts)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"CPU:0 [LOST EVENTS]", {GAPS: 1}),
        (b"CPU:1 [LOST 12 EVENTS]", {"events lost while recording": 12}),
        (b"CPU:1 [3 EVENTS DROPPED]", {"events lost while recording": 3}),
        (b"CPU:1 [EVENTS DROPPED]", {GAPS: 1}),
        (b"Processed 1817 events and lost 4 chunks!", {GAPS: 1}),
        (b"CPU 2 is empty", {}),
        (b"cpus=64", {}),
        (b"version = 6", {}),
        (b"##### CPU 3 buffer started ####", {}),
        (b" => load_binary", {"line of a call chain": 1}),
        (b" => load_binary+0x2b/0x80 <ffffffff8100abcd>", {"line of a call chain": 1}),
        (b" =>  <00007f12d3a5c2b7>", {"line of a call chain": 1}),
        (b"=> do_exit (ffffffff81206f5b)", {"line of a call chain": 1}),
        (b"\tffffffff8100abcd load_binary+0x2b ([kernel.kallsyms])", {"line of a call chain": 1}),
        (b"\t    7f1234567890 [unknown] (/usr/lib/libc.so.6)", {"line of a call chain": 1}),
        (b"\t            5581 main+0x11 (inlined)", {"line of a call chain": 1}),
        (b"                  27f1dc .__kmalloc (/boot/vmlinux)", {"line of a call chain": 1}),
        (b"               kmem_cache_alloc", {"line of a call chain": 1}),
        (b"kmalloc: call_site=x ptr=1", {NO_CONTEXT: 1}),
        (b"[    0.155635] kfree: call_site=x ptr=1", {NO_CONTEXT: 1}),
        (b"bash [000]   12.345678: kmem:kmalloc: call_site=x ptr=1", {NO_CONTEXT: 1}),
        (b"  bash  1977   12.345678: kmem:kmalloc: call_site=x ptr=1", {NO_CONTEXT: 1}),
        (b"  bash  1977 [000]        kmem:kmalloc: call_site=x ptr=1", {NO_CONTEXT: 1}),
        (b"     0.000 bash/1977 kmem:kmalloc(call_site: 0xfff, ptr: 0x1)", {NO_CONTEXT: 1}),
        (b"     0.000 (     ): bash/1977 kmem:kfree:call_site=fff ptr=0x1)", {NO_CONTEXT: 1}),
        (b"kmem_cache_alloc:     (getname+0x2c) call_site=getname+0x2c ptr=0x1", {NO_CONTEXT: 1}),
        (b"call_site=x ptr=1 bytes_req=8", {NO_EVENT: 1}),
        (b"CPU:1 [SUBBUFFER START] [12:0x0]", {}),
        (b"\xef\xbb\xbf# tracer: nop", {}),
        (b"   b.dat: CPU:1 [3 EVENTS DROPPED]", {"events lost while recording": 3}),
        (b"rubbish", {"line that does not parse": 1}),
    ],
)
def test_lines_without_a_head_are_known(line, told):
    assert counts(line) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"a-1 [000] .... 1.0: <stack trace>", "line of a call chain"),
        (b"a-1 [000] .... 1.0: <user stack trace>", "line of a call chain"),
        (b"a-1 [000] 1.0: kernel_stack:         <stack trace >", "line of a call chain"),
        (b"a-1 [000] .... 1.0: kmem_cache_free <-putname", "event of another kind"),
        (b"a-1 [000] .... 1.0: sched_switch: x", "event of another kind"),
        (b"  bash  1977 [000]  12.3:    call_site=x ptr=0x1", NO_EVENT),
    ],
)
def test_other_events_are_told_from_call_chains(line, told):
    assert counts(line, state=NO_KMEM) == {told: 1}


def test_the_first_three_lines_that_do_not_parse_are_kept():
    notes = LineNotes()
    for i in range(5):
        notes.line(NO_FIELDS, b"line %d" % i)
    assert (notes.examples, notes.counts["line that does not parse"]) == (["line 0", "line 1", "line 2"], 5)


def test_a_lost_count_without_end_is_no_traceback():
    assert counts(b"CPU:1 [LOST " + b"9" * 5000 + b" EVENTS]") == {"events lost while recording": 10**15 - 1}
    notes = LineNotes()
    notes.comment(b"# entries-in-buffer/entries-written: 1/" + b"9" * 5000 + b"   #P:2")
    assert not notes.counts


def test_recordings_of_several_files_are_told():
    lines = (b"   a.dat: cpus=2", b"  bb.dat: cpus=4")
    assert counts(lines[0]) == counts(b"cpus=2") == {}
    assert counts(*lines) == {
        "recordings in one report (trace-cmd report -i a -i b; read as of one machine, not skipped)": 2
    }


@pytest.mark.parametrize(
    ("line", "usual"),
    [
        (b"  <idle>-0       1d.h1.   12us : kfree: x", b"<idle>-0 [1] d.h1. 0.000012: kfree: x"),
        (b"kworker/-20123  127...1 1000001us!: kfree: x", b"kworker/-20123 [127] ...1 1.000001: kfree: x"),
        (b"  bash    1977   1 0 00000000 0000001f [0000005f5e15] 1000.002ms (+0.000ms): kfree: x",
         b"bash-1977 [1] -0x00 1.000002: kfree: x"),
        (b"  bash    1977   1 9 00010000 0000001f [0000005f5e15] 1000.002ms (+0.000ms): kfree: x",
         b"bash-1977 [1] -0x09 1.000002: kfree: x"),
        (b"[   12.345678][  T201]   a b-1       1d.h1.   12us : kfree: x", b"a b-1 [1] d.h1. 0.000012: kfree: x"),
        (b"      ls-4242    1d... 123.456789: kfree: x", b"ls-4242 [1] d... 123.456789: kfree: x"),
        (b"  <idle>-0       1d.h1.    1789 : kfree: x", b"<idle>-0 [1] d.h1. 1789: kfree: x"),
        (b"  bash    1977   1 0 00000000 0000001f [0000005f5e150000] 1789 (+20): kfree: x",
         b"bash-1977 [1] -0x00 1789: kfree: x"),
        (b"[Sat Nov  8 13:11:07 2026]   bash-1977    0d.h1.    12us+: kfree: x",
         b"bash-1977 [0] d.h1. 0.000012: kfree: x"),
        (b"Nov 28 12:00:00 host kernel:   bash-1977    0d.h1.    12us+: kfree: x",
         b"bash-1977 [0] d.h1. 0.000012: kfree: x"),
        (b"  bash  1977 [000] 2026-01-31 12:00:00.123456     12.345678: kmem:kfree: x",
         b"  bash  1977 [000] 12.345678: kmem:kfree: x"),
        (b"  bash  1977 [000] K      2026-01-31 12:00:00.123456     12.345678: kmem:kfree: x",
         b"  bash  1977 [000] K      12.345678: kmem:kfree: x"),
        (b"  402.123456 |   1)   bash-1977    |               |  /* kfree: x */",
         b"bash-1977 [1] 402.123456: kfree: x"),
        (b"  402.123456 |   1)   bash-1977    |  d.h1. |   0.5 us |  /* kfree: x */",
         b"bash-1977 [1] d.h1. 402.123456: kfree: x"),
        (b" 1)               |  /* kfree: x */", None),
        (b"a-1 [000] .... 1.0: kfree: x", None),
    ],
)  # fmt: skip
def test_the_latency_format_becomes_the_usual_layout(line, usual):
    assert usual_layout(line) == usual

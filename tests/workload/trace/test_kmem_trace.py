# ruff: noqa: E501 - trace lines are as long as they are
import gzip

import numpy as np
import pytest

from simslab.base.errors import UserError
from simslab.workload.trace.kmem_trace import (
    CACHE_ALLOC,
    CACHE_FREE,
    HARDIRQ_CONTEXT,
    KFREE,
    KMALLOC,
    NO_NAME,
    SOFTIRQ_CONTEXT,
    TASK_CONTEXT,
    read_kmem_trace,
)

FTRACE_NEW = """\
# tracer: nop
#
          rec.sh-29328   [000] .....  1139.219877: kmem_cache_free: call_site=__fput+0x141/0x2a0 ptr=00000000f207864d name=filp
          rec.sh-29328   [001] ..s..  1139.219947: kmem_cache_alloc: call_site=getname_flags.part.0+0x24/0x1f0 ptr=000000008b8d5896 name=names_cache bytes_req=4096 bytes_alloc=4096 gfp_flags=GFP_KERNEL|__GFP_ZERO node=-1 accounted=false
          a b-c-7        [001] d.h1.  1139.220120: kmalloc: call_site=lsm_blob_alloc+0x3b/0x60 ptr=000000004d795c4a bytes_req=11 bytes_alloc=16 gfp_flags=GFP_ATOMIC node=1 accounted=true
          rec.sh-29328   [001] .....  1139.220134: kfree: call_site=ida_alloc_range+0x39b/0x400 ptr=0000000000000000
"""
FTRACE_510 = """\
           bash-1977    [000] ....   402.123456: kmem_cache_alloc: call_site=alloc_inode+0x1 ptr=00000000aa bytes_req=600 bytes_alloc=616 gfp_flags=GFP_KERNEL
           bash-1977    [000] ....   402.123457: kmem_cache_alloc_node: call_site=x+0x1 ptr=00000000ab bytes_req=232 bytes_alloc=256 gfp_flags=GFP_KERNEL node=-1
           bash-1977    [000] ....   402.123458: kmalloc_node: call_site=x+0x1 ptr=00000000ac bytes_req=500 bytes_alloc=512 gfp_flags=GFP_KERNEL node=1
           bash-1977    [000] ....   402.123459: kmem_cache_free: call_site=x+0x1 ptr=00000000aa
           bash-1977    [000] ....   402.123460: kfree: call_site=x+0x1 ptr=(null)
"""
TRACE_CMD = """\
cpus=2
            ls-4242  [001]   123.456789: kmem_cache_alloc:     (getname_flags+0x24) call_site=ffffffff81 ptr=0xffff888003 bytes_req=4096 bytes_alloc=4096 gfp_flags=GFP_KERNEL
            ls-4242  [001]   123.456790: sched_switch:         ls:4242 [120] S ==> swapper/1:0 [120]
CPU:1 [LOST 7 EVENTS]
            ls-4242  [001]   123.456791: kmem_cache_free:      (putname+0x1) call_site=ffffffff81 ptr=0xffff888003
"""
PERF = """\
            ls  4242 [003]  123.456789: kmem:kmem_cache_alloc: call_site=getname_flags+0x24 ptr=0xffff888003 name=names_cache bytes_req=4096 bytes_alloc=4096 gfp_flags=GFP_KERNEL node=-1 accounted=false
            ls  4242/4243 [003]  123.456790123:       kmem:kfree: call_site=putname+0x1 ptr=(nil)
"""


def read(tmp_path, text):
    path = tmp_path / "trace.txt"
    path.write_text(text)
    return read_kmem_trace(path)


def test_the_new_ftrace_layout_becomes_columns(tmp_path):
    trace = read(tmp_path, FTRACE_NEW)
    assert trace.kind.tolist() == [CACHE_FREE, CACHE_ALLOC, KMALLOC, KFREE]
    assert trace.cpu.tolist() == [0, 1, 1, 1]
    assert trace.time.tolist()[:2] == [1139_219_877_000, 1139_219_947_000]
    assert trace.context.tolist() == [TASK_CONTEXT, SOFTIRQ_CONTEXT, HARDIRQ_CONTEXT, TASK_CONTEXT]
    assert trace.ptr.tolist() == [0xF207864D, 0x8B8D5896, 0x4D795C4A, 0]
    assert trace.bytes_req.tolist() == [0, 4096, 11, 0]
    assert trace.bytes_alloc.tolist() == [0, 4096, 16, 0]
    assert [trace.gfp_texts[i] for i in trace.gfp] == ["", "GFP_KERNEL|__GFP_ZERO", "GFP_ATOMIC", ""]
    assert trace.node.tolist() == [-1, -1, 1, -1]
    assert [trace.names[i] if i != NO_NAME else None for i in trace.name] == ["filp", "names_cache", None, None]
    assert [trace.pids[i] for i in trace.task] == ["29328", "29328", "7", "29328"]
    assert (trace.lines, trace.skipped) == (6, {})


def test_the_layout_of_5_10_has_no_names(tmp_path):
    trace = read(tmp_path, FTRACE_510)
    assert trace.kind.tolist() == [CACHE_ALLOC, CACHE_ALLOC, KMALLOC, CACHE_FREE, KFREE]
    assert trace.node.tolist() == [-1, -1, 1, -1, -1]
    assert not trace.has_names
    assert trace.ptr[-1] == 0


def test_trace_cmd_report_text_is_read_and_other_events_and_losses_are_counted(tmp_path):
    trace = read(tmp_path, TRACE_CMD)
    assert trace.kind.tolist() == [CACHE_ALLOC, CACHE_FREE]
    assert trace.ptr.tolist() == [0xFFFF888003] * 2
    assert trace.skipped == {"event of another kind": 1, "events lost while recording": 7}


def test_perf_script_text_is_read_with_nanoseconds(tmp_path):
    trace = read(tmp_path, PERF)
    assert trace.kind.tolist() == [CACHE_ALLOC, KFREE]
    assert trace.cpu.tolist() == [3, 3]
    assert trace.time.tolist() == [123_456_789_000, 123_456_790_123]


def test_gzip_and_plain_read_the_same(tmp_path):
    packed = tmp_path / "trace.txt.gz"
    packed.write_bytes(gzip.compress(FTRACE_NEW.encode()))
    assert np.array_equal(read_kmem_trace(packed).ptr, read(tmp_path, FTRACE_NEW).ptr)


def test_lines_that_do_not_parse_are_counted_and_the_first_three_kept(tmp_path):
    bad = [f"rec.sh-1 [000] ..... 1.000001: kmalloc: garbage {i}\n" for i in range(5)]
    trace = read(tmp_path, FTRACE_NEW + "".join(bad))
    assert len(trace) == 4
    assert trace.skipped == {"line that does not parse": 5}
    assert [line.split()[-1] for line in trace.unparsed_examples] == ["0", "1", "2"]


def test_a_last_line_without_line_end_is_read(tmp_path):
    assert len(read(tmp_path, FTRACE_NEW.rstrip("\n"))) == 4


@pytest.mark.parametrize("piece", [64, 300, 1000])
def test_pieces_of_any_size_read_the_same(tmp_path, monkeypatch, piece):
    whole = read(tmp_path, FTRACE_NEW)
    monkeypatch.setattr("simslab.workload.trace.trace_text.PIECE", piece)
    assert np.array_equal(read(tmp_path, FTRACE_NEW).time, whole.time)


def test_more_events_than_rows_are_all_read(tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.workload.trace.kmem_trace.ROWS", 3)
    assert len(read(tmp_path, FTRACE_NEW * 5)) == 20


def test_a_trace_with_too_many_events_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.workload.trace.kmem_trace.ROWS", 3)
    monkeypatch.setattr("simslab.workload.trace.kmem_trace.MAX_EVENTS", 10)
    with pytest.raises(UserError, match="more than 10 events"):
        read(tmp_path, FTRACE_NEW * 5)


UNKNOWN = (
    "t-1 [000] ..... 1.000001: kmalloc: call_site=a ptr={} bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL|__GFP_{}\n"
)


def test_flags_that_nobody_knows_are_told_and_the_first_three_named(tmp_path):
    trace = read(tmp_path, "".join(UNKNOWN.format(i + 16, name) for i, name in enumerate("ABCDA")))
    assert len(trace) == 5
    (told, number), *rest = trace.skipped.items()
    assert (number, rest, trace.lines_skipped) == (5, [], 0)
    assert "(__GFP_A, __GFP_B, __GFP_C, ...; without them, not skipped)" in told


CUT_AFTER = [" node=-1 accou", " node", "|__GFP_ZE", "0000f207864d name=fil", "ptr=0000"]


@pytest.mark.parametrize("ending", CUT_AFTER)
def test_a_last_line_that_lacks_something_is_no_event(tmp_path, ending):
    cut = FTRACE_NEW + FTRACE_NEW
    cut = cut[: cut.rindex(ending) + len(ending)]
    trace = read(tmp_path, cut)
    assert trace.skipped == {"last line, cut off": 1}
    assert len(trace) == sum("call_site" in line for line in cut.splitlines()) - 1


def test_a_last_line_that_ends_in_a_heading_or_another_event_is_none_of_ours(tmp_path):
    assert read(tmp_path, FTRACE_NEW + "#").skipped == {}


PACKED = gzip.compress(FTRACE_NEW.encode() * 50)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\x02 rubbish", "not a text file"),
        (PACKED[:200], "truncated gzip"),
        (PACKED[:40] + b"\xff" * 40 + PACKED[80:], "damaged gzip"),
        (b"\x17\x08\x44tracing6\0", "trace-cmd report"),
        (b"PERFILE2\0\0", "perf script"),
        (b"a novel\nin two lines\n", "no kmem event in 2 lines"),
        (b"available: 1 nodes (0)\nnode 0 cpus: 0 1\n", "is the output of numactl -H; expected the machine file"),
    ],
)
def test_what_is_no_trace_is_one_clear_error(tmp_path, data, said):
    path = tmp_path / "trace.txt"
    path.write_bytes(data)
    with pytest.raises(UserError, match=said) as error:
        read_kmem_trace(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_kmem_trace(tmp_path / "none.txt")


GOOD = "t-1 [000] ..... 1.000001: kfree: call_site=a ptr=20\n"
FIELDS = {"pid": "1", "cpu": "000", "s": "1", "ptr": "20", "req": "8", "alloc": "8", "node": "-1"}
HUGE = "t-{pid} [{cpu}] ..... {s}.000001: kmalloc: call_site=a ptr={ptr} bytes_req={req} bytes_alloc={alloc} gfp_flags=GFP_KERNEL node={node}\n"


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_number_that_no_column_holds_is_a_line_that_does_not_parse(tmp_path, name):
    trace = read(tmp_path, GOOD + HUGE.format(**FIELDS | {name: "9" * 20}))
    assert len(trace) == 1
    assert trace.skipped == {"line that does not parse": 1}


@pytest.mark.parametrize("seconds", ["9223372036", "8999999999", "0000000001"])
def test_seconds_are_either_held_or_not_read(tmp_path, seconds):
    trace = read(tmp_path, GOOD + HUGE.format(**FIELDS | {"s": seconds}))
    held = int(seconds) < 9 * 10**9
    assert len(trace) == 1 + held
    assert trace.time[-1] == (int(seconds) * 10**9 + 1000 if held else 1_000_001_000)


def test_allocations_whose_pointer_was_not_printed_are_counted(tmp_path):
    hidden = PERF.replace("ptr=(nil)", "ptr=(____ptrval____)").replace("ptr=0xffff888003", "ptr=(____ptrval____)")
    trace = read(tmp_path, FTRACE_NEW + hidden)
    told = "allocation whose pointer was not printed, as (____ptrval____) (never freed, not skipped)"
    assert trace.skipped == {told: 1}

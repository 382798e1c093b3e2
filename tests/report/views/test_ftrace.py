"""A run's kmem events as a 5.10 kernel prints them: read back, they are the same events."""

from logged_runs import logged

from simslab.report.views.ftrace import ftrace_text, task_name
from simslab.workload.run.event_log import EventLog, ObjectEvent
from simslab.workload.trace.kmem_trace import read_kmem_trace
from simslab.workload.trace.pairing import FAILED_ALLOCATION, read_paired
from simslab.workload.trace.trace_events import SOFTIRQ_CONTEXT, TASK_CONTEXT


def test_simslab_reads_every_event_back(tmp_path):
    log = logged()[1]
    (tmp_path / "t.txt").write_text(ftrace_text(log))
    trace = read_kmem_trace(tmp_path / "t.txt")
    assert (len(trace), trace.lines_skipped) == (len(log.objects), 0)
    paired = read_paired(tmp_path / "t.txt")
    assert set(paired.skipped) <= {"free of an object allocated before the recording"}


def test_lines_have_the_columns_of_the_heading():
    lines = ftrace_text(logged()[1]).splitlines()
    heading = next(line for line in lines if "TASK-PID" in line)
    event = next(line for line in lines if not line.startswith("#"))
    assert event.index("[") in range(heading.index("CPU#") - 1, heading.index("CPU#") + 2)
    assert event[heading.index("||||") :].startswith("....")
    assert f"entries-in-buffer/entries-written: {len(lines) - 11}/{len(lines) - 11}   #P:32" in lines[2]


def test_an_allocation_tells_what_the_tracepoint_tells():
    text = ftrace_text(logged()[1])
    assert " bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL\n" in text
    assert "kfree: call_site=w/0+0x0/0x1 ptr=00000" in text


def test_names_that_would_end_a_task_in_a_trace_are_written_otherwise():
    assert task_name("my long-named thread/12") == "my_long_named_t"


def test_a_failed_allocation_is_printed_with_null_and_a_softirqs_with_its_flag(tmp_path):
    log = EventLog(everything=True)
    log.frequency_hz = 2_000_000_000
    log.objects = [
        ObjectEvent(5, 0, "kmalloc", "w/0", 0, "kmalloc-64", 60, 64),
        ObjectEvent(7, 0, "kmalloc", "w/0", 0x1000, "kmalloc-64", 60, 64, in_softirq=True),
    ]
    lines = ftrace_text(log).splitlines()[-2:]
    assert " .... " in lines[0]
    assert " ptr=0000000000000000 bytes_req=60 bytes_alloc=64 " in lines[0]
    assert " ..s. " in lines[1]
    (tmp_path / "t.txt").write_text(ftrace_text(log))
    paired = read_paired(tmp_path / "t.txt")
    assert paired.skipped == {FAILED_ALLOCATION: 1}
    assert paired.trace.context.tolist() == [TASK_CONTEXT, SOFTIRQ_CONTEXT]

"""The kmem events of a run as /sys/kernel/debug/tracing/trace of a 5.10 kernel prints them.

kernel/trace/trace.c (print_func_help_header_irq), trace_output.c (trace_print_context), include/trace/events/kmem.h.
Bulk calls have no event in 5.10. An allocation that failed has one, with the pointer NULL, which is never hashed
(lib/vsprintf.c: ptr_to_id). Flags are those of an event with interrupts on, in a device's softirq or in a task. Call
sites are those that a trace recorded. Not modelled: those of workloads (the thread stands for them), process numbers
(1000 and the CPU's number), need-resched, preempt-depth; pointers are not hashed.
"""

from __future__ import annotations

from collections.abc import Iterator

from simslab.kernel.mm.gfp import format_gfp
from simslab.workload.run.event_log import EventLog, ObjectEvent

HEAD = """\
# tracer: nop
#
# entries-in-buffer/entries-written: {count}/{count}   #P:{cpus}
#
#                              _-----=> irqs-off
#                             / _----=> need-resched
#                            | / _---=> hardirq/softirq
#                            || / _--=> preempt-depth
#                            ||| /     delay
#           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION
#              | |         |   ||||      |         |
"""


def ftrace_text(log: EventLog) -> str:
    """Return the trace, one line an event, in order of time."""
    return HEAD.format(count=len(log.objects), cpus=log.nr_cpus) + "".join(_lines(log))


def _lines(log: EventLog) -> Iterator[str]:
    for event in log.objects:
        microseconds = event.time * 10**6 // log.frequency_hz
        task = f"{task_name(event.task):>16}-{pid(event.cpu):<7}"
        seconds = f"{microseconds // 10**6:5d}.{microseconds % 10**6:06d}"
        context = "..s." if event.in_softirq else "...."
        yield f"{task} [{event.cpu:03d}] {context} {seconds}: {_fields(event)}\n"


def task_name(thread: str) -> str:
    """Return a thread's name as task_struct.comm holds it: 15 letters, without what would end it in a trace."""
    return thread.replace(" ", "_").replace("-", "_")[:15]


def pid(cpu: int) -> int:
    """Return the number that stands for the process of a CPU's thread."""
    return 1000 + cpu


def _fields(event: ObjectEvent) -> str:
    site = event.site or f"{task_name(event.task)}+0x0/0x1"
    head = f"{event.event}: call_site={site} ptr={event.address:016x}"
    if event.event in ("kfree", "kmem_cache_free"):
        return head
    text = f"{head} bytes_req={event.bytes_req} bytes_alloc={event.bytes_alloc} gfp_flags={format_gfp(event.gfp)}"
    return f"{text} node={event.node}" if event.event.endswith("_node") else text

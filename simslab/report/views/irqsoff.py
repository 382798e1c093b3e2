"""The irqsoff tracer's header for the longest stretch with interrupts off (kernel/trace/trace.c: print_trace_header).

Not modelled: the functions that ran meanwhile, process numbers, the preemption model (server: none).
"""

from __future__ import annotations

from typing import Final

from simslab.report.views.ftrace import pid, task_name
from simslab.workload.run.event_log import EventLog

WIDTH: Final = 45  # of the lines that explain the columns
HEAD: Final = """\
# tracer: irqsoff
#
# irqsoff latency trace v1.1.5 on 5.10.0
# --------------------------------------------------------------------
# latency: {us} us, #{entries}/{entries}, CPU#{cpu} | (M:server VP:0, KP:0, SP:0 HP:0 #P:{cpus})
#    -----------------
#    | task: {task}-{pid} (uid:0 nice:0 policy:0 rt_prio:0)
#    -----------------
#  => started at: {site}
#  => ended at:   {site}
#
#
"""
COLUMNS: Final = (
    "#                  _------=> CPU#",
    "#                 / _-----=> irqs-off",
    "#                | / _----=> need-resched",
    "#                || / _---=> hardirq/softirq",
    "#                ||| / _--=> preempt-depth",
    "#                |||| /     delay",
    "#  cmd     pid   ||||| time  |   caller",
    r"#     \   /      |||||  \    |   /",
)


def irqsoff_text(log: EventLog) -> str:
    """Return the header and the two lines at which the stretch begins and ends."""
    found = log.longest_masked
    if found is None:
        return "# tracer: irqsoff\n#\n"
    task = task_name(log.tasks.get(found.cpu, "swapper"))
    us = round((found.end - found.start) * 10**6 / log.frequency_hz)
    head = HEAD.format(
        us=us, entries=2, cpu=found.cpu, cpus=log.nr_cpus, task=task, pid=pid(found.cpu), site=found.site
    )
    head += "".join(f"{line:<{WIDTH}}\n" for line in COLUMNS)
    at = f"{task[:8]:>8}-{pid(found.cpu):<5d} {found.cpu:3d}d..."
    return head + "".join(f"{at} {time:4d}us : {found.site}\n" for time in (0, us))

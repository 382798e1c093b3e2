"""The irqsoff tracer's head: the longest stretch that the run counted, in the kernel's layout."""

from logged_runs import logged

from simslab.report.views.irqsoff import irqsoff_text
from simslab.workload.run.event_log import EventLog


def test_the_longest_stretch_is_told_with_cpu_task_and_site():
    measured, log, _ = logged()
    longest = max(measured.irqs_off, key=lambda row: row.maximum)
    us = round(longest.maximum * 10**6 / measured.frequency_hz)
    text = irqsoff_text(log)
    cpu = log.longest_masked.cpu
    assert f"# latency: {us} us, #2/2, CPU#{cpu} | (M:server VP:0, KP:0, SP:0 HP:0 #P:32)\n" in text
    assert f"#    | task: {log.tasks[cpu]}-{1000 + cpu} (uid:0 nice:0 policy:0 rt_prio:0)\n" in text
    assert f"#  => started at: {longest.site}\n#  => ended at:   {longest.site}\n#\n#\n" in text


def test_columns_are_explained_as_the_kernel_explains_them():
    lines = irqsoff_text(logged()[1]).splitlines()
    first = next(number for number, line in enumerate(lines) if "=> CPU#" in line)
    assert {len(line) for line in lines[first : first + 8]} == {45}
    assert len(lines) == first + 10


def test_a_run_that_never_masked_interrupts_has_an_empty_trace():
    assert irqsoff_text(EventLog()) == "# tracer: irqsoff\n#\n"

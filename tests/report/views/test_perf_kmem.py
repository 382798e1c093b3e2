"""`perf kmem stat --caller` of a run: the columns of perf, and sums that agree with the run."""

import re

from logged_runs import logged

from simslab.report.views.ftrace import ftrace_text
from simslab.report.views.perf_kmem import fragmentation, perf_kmem_text
from simslab.workload.run.event_log import EventLog, ObjectEvent

ROW = re.compile(r" (\S+)\s+\|\s+(\d+)/(\d+)\s+\|\s+(\d+)/(\d+)\s+\|\s+(\d+) \|\s+(\d+) \|\s+(\d+\.\d{3})%")


def rows():
    text = perf_kmem_text(logged()[1])
    return [match.groups() for line in text.splitlines() if (match := ROW.fullmatch(line))], text


def test_every_allocation_is_a_hit_of_its_thread():
    found, _ = rows()
    log = logged()[1]
    allocations = [each for each in log.objects if each.bytes_alloc]
    assert sum(int(row[5]) for row in found) == len(allocations)
    assert sum(int(row[1]) for row in found) == sum(each.bytes_alloc for each in allocations)
    assert {row[0] for row in found} == {f"w/{number}+0" for number in range(4)}


def test_lines_are_as_wide_as_perfs():
    _, text = rows()
    lines = text.splitlines()
    assert lines[0] == lines[2] == "-" * 105
    assert lines[1].startswith(" Callsite                           | Total_alloc/Per | Total_req/Per   | Hit      |")
    assert len({len(line) for line in lines[3:7]}) == 1


def test_the_summary_adds_up():
    _, text = rows()
    figure = {name: int(value.replace(",", "")) for name, value in re.findall(r"^(.+?):\s+([\d,]+)$", text, re.M)}
    asked, allocated = figure["Total bytes requested"], figure["Total bytes allocated"]
    assert allocated - asked == figure["Total bytes wasted on internal fragmentation"] > 0
    left = allocated - figure["Total bytes freed"]
    assert figure.get("Net total bytes allocated", 0) == left
    assert f"Internal fragmentation: {fragmentation(asked, allocated):f}%" in text


def test_objects_that_another_cpu_freed_are_counted_as_ping_pong():
    found, text = rows()
    assert sum(int(row[6]) for row in found) > 20
    assert f"Cross CPU allocations: 0/{sum(int(row[5]) for row in found)}" in text


def test_allocations_for_a_node_other_than_the_cpus_cross_cpus():
    log = EventLog(everything=True)
    log.frequency_hz = 2_000_000_000
    log.node_of = {0: 0, 1: 1}
    log.objects = [
        ObjectEvent(5, cpu, name, "w/0", 4096 * cpu, "kmalloc-64", 60, 64, node=node)
        for name in ("kmalloc_node", "kmem_cache_alloc_node") for cpu, node in ((0, 0), (0, 1), (1, 1))
    ] + [ObjectEvent(7, 1, "kmalloc", "w/1", 0x1000, "kmalloc-64", 60, 64)] * 1200  # fmt: skip
    assert "Cross CPU allocations: 2/1,206\n" in perf_kmem_text(log)


def test_a_recorded_call_site_is_the_caller_as_perf_prints_it():
    log = EventLog(everything=True)
    log.frequency_hz = 2_000_000_000
    log.objects = [
        ObjectEvent(5, 0, "kmalloc", "replay/0", 0x1000, "kmalloc-64", 60, 64, site="open_it+0x1f/0x90 [a_module]"),
        ObjectEvent(9, 1, "kfree", "replay/1", 0x1000, "kmalloc-64", site="close_it+0x8/0x9"),
    ]
    (row,) = [line for line in perf_kmem_text(log).splitlines() if line.startswith(" open_it+1f ")]
    assert [cell.strip() for cell in row.split("|")][3:5] == ["1", "1"]
    assert "call_site=open_it+0x1f/0x90 [a_module] ptr=0000000000001000 bytes_req=60" in ftrace_text(log)
    assert "call_site=close_it+0x8/0x9 ptr=0000000000001000" in ftrace_text(log)

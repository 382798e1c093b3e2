"""`perf kmem stat --caller` of a run: the columns of perf, and sums that agree with the run."""

import re

from logged_runs import logged

from simslab.report.views.perf_kmem import fragmentation, perf_kmem_text

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
    crossed = sum(int(row[6]) for row in found)
    assert crossed > 20
    assert f"Cross CPU allocations: {crossed}/{sum(int(row[5]) for row in found)}" in text

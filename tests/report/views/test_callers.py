"""Call sites by cycles."""

from logged_runs import logged

from simslab.report.views.callers import callers_text
from simslab.workload.run.event_log import EventLog, Operation


def log_of(*operations):
    log = EventLog(everything=True)
    log.frequency_hz = 2_000_000_000
    log.operations = [
        Operation(0, cycles, 0, operation, "hit", cache, False, {}, site)
        for site, operation, cache, cycles in operations
    ]
    return log


def test_the_call_site_with_most_cycles_comes_first_with_its_mean_and_worst():
    text = callers_text(
        log_of(
            ("a+0x1/0x2", "alloc", "c", 10), ("b", "alloc", "c", 60), ("b", "alloc", "d", 90), ("b", "free", "c", 40)
        )
    )
    title, _, _, *rows = text.splitlines()
    assert title == "Call sites by cycles"
    assert [row.split() for row in rows] == [
        ["b", "alloc", "d", "2", "150", "75.0%", "37.5", "45.0"],
        ["b", "free", "c", "1", "40", "20.0%", "20.0", "20.0"],
        ["a+0x1/0x2", "alloc", "c", "1", "10", "5.0%", "5.0", "5.0"],
    ]


def test_what_is_not_shown_is_counted():
    text = callers_text(log_of(*((f"site{number}", "alloc", "c", 100 + number) for number in range(60))))
    assert "site59" in text
    assert "site9 " not in text
    assert text.endswith("10 more not shown.\n")


def test_cycles_are_those_that_the_run_counted():
    measured, log, _ = logged()
    rows = [line.split() for line in callers_text(log).splitlines()[3:]]
    cycles = sum(int(row[-4].replace(",", "")) for row in rows)
    assert cycles == sum(row.total for row in measured.attribution)

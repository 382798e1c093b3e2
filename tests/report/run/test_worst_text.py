"""The slowest operations in words: every cycle, and who held the lock meanwhile."""

import json
import re

from logged_runs import logged

from simslab.report.run.worst_text import held_meanwhile, worst_json, worst_text
from simslab.workload.run.event_log import EventLog, Hold, Operation


def test_the_causes_of_each_add_up():
    parts = worst_text(logged()[1]).split("\n\n")
    assert len(parts) == 5
    for part in parts:
        whole = int(re.search(r": ([\d,]+) cycles \(", part)[1].replace(",", ""))
        causes = re.findall(r"^     \w+ +([\d,]+) cycles +\d+\.\d%$", part, re.M)
        assert sum(int(cycles.replace(",", "")) for cycles in causes) == whole


def test_who_held_the_lock_is_told_and_who_held_another_is_not():
    log = EventLog(slowest=1)
    log.frequency_hz = 10**9
    slow = Operation(100, 900, 1, "free", "alien", "c", False, {"lock_wait": 700, "instructions": 100})
    log._worst = [(800, 0, slow)]
    log.holds = [
        Hold(50, 400, 2, "c:alien_lock #1", "free_block"),
        Hold(60, 90, 3, "c:alien_lock #1", "too_early"),
        Hold(200, 700, 4, "c:list_lock #1", "another_lock"),
        Hold(410, 800, 5, "c:alien_lock #1", "free_block"),
        Hold(805, 880, 1, "c:alien_lock #1", "__cache_free_alien"),
    ]
    text = worst_text(log)
    assert "c:alien_lock #1 (taken in __cache_free_alien after 705 cycles) was held meanwhile by\n" in text
    assert "CPU 2 in free_block: 350 cycles, 300 of them during this\n" in text
    assert "CPU 5 in free_block: 390 cycles, 390 of them during this\n" in text
    assert "too_early" not in text
    assert "another_lock" not in text


def test_the_same_is_told_as_json():
    log = logged()[1]
    told = json.loads(worst_json(log))
    assert [each["cycles"] for each in told["operations"]] == [each.cycles for each in log.worst]
    for each, found in zip(log.worst, told["operations"], strict=True):
        meanwhile = [(own.lock, [hold.cpu for hold in others]) for own, others in held_meanwhile(each, log)]
        assert [(wait["lock"], [held["cpu"] for held in wait["held"]]) for wait in found["waited"]] == meanwhile
        assert sum(found["causes"].values()) == found["cycles"]
    assert json.loads(worst_json(EventLog(slowest=3)))["operations"] == []


def test_a_run_without_operations_says_so():
    assert worst_text(EventLog(slowest=3)) == "no operation\n"

"""A trace that Perfetto imports: what its trace processor asks of Chrome's JSON holds of every track."""

import json

import pytest
from logged_runs import logged

from simslab.report.views.perfetto import CPUS, LOCKS, microseconds, perfetto_text


def events(kind):
    return [each for each in json.loads(perfetto_text(logged()[1]))["traceEvents"] if each["ph"] == kind]


def test_every_operation_and_every_hold_is_an_event():
    log = logged()[1]
    assert len(events("X")) == len(log.operations) + len(log.holds)


def test_complete_events_have_what_the_importer_needs():
    for each in events("X"):
        assert {"name", "cat", "pid", "tid", "ts", "dur"} <= set(each)
        assert each["dur"] >= 0


def test_every_track_has_a_name():
    named = {(each["pid"], each["tid"]) for each in events("M") if each["name"] == "thread_name"}
    assert {(each["pid"], each["tid"]) for each in events("X")} <= named
    assert {pid for pid, _ in named} == {CPUS, LOCKS}


def digits(microseconds):
    """The ns that an importer has which cuts the text off after three decimals."""
    whole, _, fraction = repr(microseconds).partition(".")
    return int(whole + (fraction + "000")[:3])


COERCIONS = {
    "rounded": lambda value: round(value * 1000.0),
    "cut off": lambda value: int(value * 1000.0),
    "by digits": digits,
}


@pytest.mark.parametrize("coerced", COERCIONS.values(), ids=COERCIONS)
def test_whole_ns_come_back_in_every_version_of_the_importer(coerced):
    for ns in (*range(20_000), *range(10**9 + 1, 10**9 + 5_000, 7), 123_456_789_012_345):
        assert coerced(microseconds(ns)) == ns


@pytest.mark.parametrize("coerced", COERCIONS.values(), ids=COERCIONS)
def test_events_of_a_track_nest_or_follow_each_other(coerced):
    ends = {}
    for each in sorted(events("X"), key=lambda each: (each["ts"], -each["dur"])):
        stack = ends.setdefault((each["pid"], each["tid"]), [])
        start, length = (coerced(each[name]) for name in ("ts", "dur"))  # ns, as the importer has them
        while stack and stack[-1] <= start:
            stack.pop()
        assert not stack or start + length <= stack[-1]
        stack.append(start + length)

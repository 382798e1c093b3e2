"""A trace that Perfetto imports: what its trace processor asks of Chrome's JSON holds of every track."""

import json

from logged_runs import logged

from simslab.report.views.perfetto import CPUS, LOCKS, perfetto_text


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


def test_events_of_a_track_nest_or_follow_each_other():
    ends = {}
    for each in sorted(events("X"), key=lambda each: (each["ts"], -each["dur"])):
        stack = ends.setdefault((each["pid"], each["tid"]), [])
        start, length = (round(1000 * each[name]) for name in ("ts", "dur"))  # ns, as the importer has them
        while stack and stack[-1] <= start:
            stack.pop()
        assert not stack or start + length <= stack[-1]
        stack.append(start + length)

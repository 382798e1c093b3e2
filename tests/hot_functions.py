"""Functions of the leaves in which no Python object may be handled, by module; `Class.method` or `function`."""

HOT: dict[str, list[str]] = {
    "simslab.base.histogram": ["Histogram.add"],
    "simslab.workload.run.executor": ["Executor.put", "Executor.take"],
    "simslab.workload.run.recorder": [
        "Recorder.begin",
        "Recorder.end",
        "Recorder.book_outside",
        "Recorder.object_allocated",
    ],
    "simslab.workload.run.thread": ["WorkloadThread.step", "WorkloadThread.idle_until", "WorkloadThread.let_others_in"],
    "simslab.workload.trace.int_table": ["IntTable.put", "IntTable.number"],
    "simslab.workload.trace.line_scanner": ["LineScanner.read", "LineScanner.event", "LineScanner.body"],
    "simslab.workload.trace.object_table": ["ObjectTable.pair", "ObjectTable.allocated", "ObjectTable.freed"],
}

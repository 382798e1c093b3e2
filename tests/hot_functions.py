"""Functions of the leaves in which no Python object may be handled, by module; `Class.method` or `function`."""

HOT: dict[str, list[str]] = {
    "simslab.base.histogram": ["Histogram.add"],
    "simslab.workload.executor": ["Executor.put", "Executor.take"],
    "simslab.workload.recorder": [
        "Recorder.begin",
        "Recorder.end",
        "Recorder.book_outside",
        "Recorder.object_allocated",
    ],
    "simslab.workload.thread": ["WorkloadThread.step", "WorkloadThread.idle_until", "WorkloadThread.let_others_in"],
}

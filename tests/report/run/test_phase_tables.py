from simslab.report.run.phase_tables import phases_table
from simslab.report.tables import plain_text
from simslab.result.measurement import AttributionRow, LatencyRow, Measurement, TracePhaseRow

UNTAR = TracePhaseRow(
    "untar",
    10_000,
    (LatencyRow("alloc", "hit", "c", (20, 40), (3, 1)), LatencyRow("free", "hit", "c", (10,), (1,))),
    (AttributionRow("alloc", "hit", 4, 100, {"l2": 25, "instructions": 75}),),
)
RM = TracePhaseRow("rm", 1_000, (LatencyRow("free", "hit", "c", (10,), (2,)),), ())


def test_each_phase_has_its_time_its_operations_and_their_latencies():
    run = Measurement("m", "w", 1, 10**9, 11_000, trace_phases=[UNTAR, RM])
    lines = plain_text([phases_table(run)]).splitlines()
    assert lines[3].split() == [
        "untar", "instructions", "75.0%", "10.000", "5", "500,000",
        "25.0", "40.0", "10.0", "10.0",
    ]  # fmt: skip
    assert lines[4].split() == ["rm", "1.000", "2", "2,000,000", "-", "-", "10.0", "10.0"]


def test_a_run_of_one_phase_has_no_table():
    assert phases_table(Measurement("m", "w", 1, 10**9, 11_000)) is None

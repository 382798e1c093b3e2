"""What a run measured, as data and as files: shared by workload, report and experiment."""

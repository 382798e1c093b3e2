"""Operation streams made from a workload description."""

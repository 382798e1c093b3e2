"""What one would run on real hardware, run on the model: one measurement a file.

Every access is made at its own simulated time, in order of time over all CPUs (quantum 0), through the same coherent
memory that the kernel uses; nothing here knows a latency.
"""

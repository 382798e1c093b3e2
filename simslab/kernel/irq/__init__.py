"""Interrupts, inter-processor interrupts, softirqs."""

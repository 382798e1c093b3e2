"""Interrupt vectors of a CPU, as small numbers."""

from typing import Final

TIMER_VECTOR: Final = 0  # local APIC timer
RESCHEDULE_VECTOR: Final = 1
CALL_FUNCTION_VECTOR: Final = 2
FIRST_DEVICE_VECTOR: Final = 8
NR_VECTORS: Final = 64

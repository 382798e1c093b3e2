"""What the machine asks of whoever handles its interrupts."""

from __future__ import annotations

from typing import Final

TIMER_VECTOR: Final = 0  # local APIC timer
RESCHEDULE_VECTOR: Final = 1
CALL_FUNCTION_VECTOR: Final = 2
FIRST_DEVICE_VECTOR: Final = 8
NR_VECTORS: Final = 64


class InterruptHandler:
    """Handles interrupts on a CPU; the kernel layer subclasses it. Called with interrupts off."""

    def handle(self, cpu: object, vector: int) -> int:
        """Handle `vector` on `cpu`; returns 0. Charges its cycles to the CPU."""
        return 0

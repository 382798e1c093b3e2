"""What the machine asks of whoever handles its interrupts."""

from __future__ import annotations


class InterruptHandler:
    """Handles interrupts on a CPU; the kernel layer subclasses it. Called with interrupts off."""

    def handle(self, cpu: object, vector: int) -> int:
        """Handle `vector` on `cpu`; returns 0. Charges its cycles to the CPU."""
        return 0

"""What cycles and interrupts are counted under."""

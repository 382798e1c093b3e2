"""A hardware thread: clock, stores, translation, interrupt flag."""

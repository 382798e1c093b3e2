"""Jiffies, the timer wheel, the tick, deferred work."""

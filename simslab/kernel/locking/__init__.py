"""Spinlocks, mutexes, RCU."""

"""Latencies and bandwidths as whole cycles."""

"""Giving back what lies idle, and CPUs and memory that come and go."""

"""CPUs and memory that come and go, and what a cache holds."""

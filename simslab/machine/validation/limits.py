"""What a machine may be at most: beyond that tables do not fit, sums overflow, or a unit was forgotten."""

from __future__ import annotations

from typing import Final

MAX_NODES: Final = 64
LINE_BYTES: Final = 64
PAGE_BYTES: Final = 4096
MAX_MEMORY: Final = 1 << 42  # bytes of the machine: tables have an entry per page frame
MAX_CACHE: Final = 1 << 30  # bytes of one cache
MIN_HZ: Final = 10**8
MAX_HZ: Final = 10**11
MAX_NS: Final = 1_000_000
MIN_BANDWIDTH: Final = 10**6  # bytes/s
LEAST: Final = "at least 1 MB/s, such as '25 GB/s' (a bare number is bytes/s)"
LOCAL_DISTANCE: Final = 10  # ACPI SLIT

"""Numbers that stand for the kinds of recorded events, their contexts, and what the scanner of a trace stops at."""

from __future__ import annotations

from typing import Final

# Kinds of events.
CACHE_ALLOC: Final = 0
CACHE_FREE: Final = 1
KMALLOC: Final = 2
KFREE: Final = 3

TASK_CONTEXT: Final = 0
SOFTIRQ_CONTEXT: Final = 1
HARDIRQ_CONTEXT: Final = 2

ZERO_SIZE_PTR: Final = 16  # include/linux/slab.h; kfree is told of it, kmalloc is not
UNKNOWN_PTR: Final = -1  # all bits set: no object's address; printed before the kernel's hashing key was there

# What a scanner stops at.
END: Final = 0  # of the text
FULL: Final = 1  # all rows are taken
COMMENT: Final = 2  # a line that begins with '#'
NO_HEAD: Final = 3  # no task, CPU and time in the line
NO_KMEM: Final = 4  # something else happened there
NO_FIELDS: Final = 5  # a kmem event whose fields are not understood
EVENT: Final = 6

NEWLINE: Final = 0x0A

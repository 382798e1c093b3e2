"""DEBUG_SLAB: the bytes of objects, the checks on them, the kernel's reports."""

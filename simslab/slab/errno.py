"""Error numbers that the allocator returns, negative as in the kernel (include/uapi/asm-generic/errno-base.h)."""

from __future__ import annotations

from typing import Final

ENOMEM: Final = 12
EBUSY: Final = 16
EINVAL: Final = 22

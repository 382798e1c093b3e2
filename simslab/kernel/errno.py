"""Error numbers that the kernel returns, negative there (include/uapi/asm-generic/errno-base.h, errno.h)."""

from __future__ import annotations

from typing import Final

E2BIG: Final = 7
ENOMEM: Final = 12
EBUSY: Final = 16
EINVAL: Final = 22
ERANGE: Final = 34
ENOSYS: Final = 38

"""Numbered call sites: small integers that leaves pass where statistics are kept by the place in the kernel's code."""

from typing import Final

NR_SITES: Final = 256
_names: list[str] = ["unknown"]


def site(name: str) -> int:
    """Return the number of the call site `name`, giving it the next one when it is new.

    Called at import time for module constants. Numbers depend on import order, so they are never printed: reports use
    `site_name` and sort by it.
    """
    if name not in _names:
        if len(_names) == NR_SITES:
            raise ValueError(f"more than {NR_SITES} call sites")
        _names.append(name)
    return _names.index(name)


def site_name(number: int) -> str:
    """Return the name of call site `number`."""
    return _names[number]


def site_names() -> list[str]:
    """Return the names of all call sites so far."""
    return list(_names)

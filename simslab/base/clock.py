"""Limits of simulated time, in cycles."""

from typing import Final

NEVER: Final = 1 << 50  # later than any run: three days at 4 GHz; NEVER * KEY_SPACE fits 63 bits
KEY_SPACE: Final = 4096  # CPUs are numbered below this; a wake-up's key is time * KEY_SPACE + number

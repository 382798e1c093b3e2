"""Costs of single instructions that machine files do not state (yet)."""

from typing import Final

# cmpxchg16b without a lock prefix (this_cpu_cmpxchg_double), cycles beyond those of an average instruction: what the 94
# instructions of a warm 256-byte pair leave of the 42-47 cycles measured on an i7-4790K, and of the 44 (14.75 ns at
# 2.99 GHz) measured on an Emerald Rapids, by two exchanges. Not modelled: differences between machines.
CMPXCHG16B_CYCLES: Final = 12

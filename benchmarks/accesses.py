"""Line accesses per second of host CPU time: private hits, L2 hits, misses to DRAM.

python benchmarks/accesses.py [REPEATS]
"""

import sys
import time

from simslab.base.build import running_build
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

LINE = 64


def rate(cpu, addr, lines, repeats):
    """Millions of line accesses per second of process time, reading `lines` lines `repeats` times."""
    cpu.read_span(addr, lines * LINE)
    start = time.process_time()
    for _ in range(repeats):
        cpu.read_span(addr, lines * LINE)
    return lines * repeats / (time.process_time() - start) / 1e6


def main():
    scale = int(sys.argv[1]) if len(sys.argv) > 1 else (40 if running_build().kind == "compiled" else 1)
    cpu = build_machine(load_machine("two-socket")).cpus[0]
    print(f"build: {running_build()}")
    for name, lines, repeats in (
        ("L1 hit, most recent way", 64, 5000 * scale),
        ("L1 hit, any way", 400, 500 * scale),
        ("L2 hit", 8_000, 5 * scale),
        ("L3 hit", 100_000, max(1, scale // 20)),
        ("DRAM", 1_000_000, 1),
    ):
        print(f"{name:26s} {rate(cpu, 1 << 30, lines, repeats):8.2f} M accesses/s")


if __name__ == "__main__":
    main()

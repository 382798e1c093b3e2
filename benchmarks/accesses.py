"""Line accesses per second of host CPU time: private hits, L2 hits, misses to DRAM.

In order of address, as most of a kernel's accesses lie together, and in random order, where each is a call from Python
(about 40 ns of its own) and the host's own caches miss at every table.

python benchmarks/accesses.py [REPEATS]
"""

import random
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


def random_rate(cpu, addr, lines, count):
    """The same for `count` reads of `lines` lines in random order."""
    cpu.read_span(addr, lines * LINE)
    addresses = [addr + LINE * number for number in random.Random(1).choices(range(lines), k=count)]
    start = time.process_time()
    for address in addresses:
        cpu.read(address)
    return count / (time.process_time() - start) / 1e6


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
    for name, lines in (("L3 hit, random order", 300_000), ("DRAM, random order", 4_000_000)):
        print(f"{name:26s} {random_rate(cpu, 1 << 30, lines, 25_000 * scale):8.2f} M accesses/s")


if __name__ == "__main__":
    main()

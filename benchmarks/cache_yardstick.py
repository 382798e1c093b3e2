"""Line accesses per second of simslab beside pycachesim's, on the same addresses and caches of the same geometry.

    pip install pycachesim; python benchmarks/cache_yardstick.py

pycachesim (a simulator in C with a Python interface) models which lines one core's three caches hold, and counts hits,
misses and evictions. It has no time, no second core, no coherence, no TLB, no store buffer and no memory behind the
caches, all of which simslab's figures include. Both are called once for a range of addresses.
"""

import time

from cachesim import Cache, CacheSimulator, MainMemory

from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

LINE = 64
START = 1 << 30
CASES = (("L1 hit", 400, 5_000), ("L2 hit", 8_000, 250), ("L3 hit", 100_000, 10), ("DRAM", 1_000_000, 1))


def simulator():
    """The three caches of two-socket."""
    memory = MainMemory()
    l3 = Cache("L3", 32768, 11, LINE, "LRU")
    l2 = Cache("L2", 1024, 16, LINE, "LRU", store_to=l3, load_from=l3)
    l1 = Cache("L1", 64, 8, LINE, "LRU", store_to=l2, load_from=l2)
    memory.load_to(l3)
    memory.store_from(l3)
    return CacheSimulator(l1, memory)


def rate(read, lines, repeats):
    """Millions of lines read per process second, once read before."""
    read(START, lines * LINE)
    start = time.process_time()
    for _ in range(repeats):
        read(START, lines * LINE)
    return lines * repeats / (time.process_time() - start) / 1e6


def main():
    cpu = build_machine(load_machine("two-socket")).cpus[0]
    other = simulator()
    for name, lines, repeats in CASES:
        ours, theirs = rate(cpu.read_span, lines, repeats), rate(other.load, lines, repeats)
        print(f"{name:8s} simslab {ours:7.2f} M lines/s   pycachesim {theirs:7.2f} M   ratio {ours / theirs:5.2f}")


if __name__ == "__main__":
    main()

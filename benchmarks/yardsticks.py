"""Work that has nothing to do with simslab, timed beside a benchmark: a noisy machine slows both.

    python benchmarks/yardsticks.py

`c_loop`: SHA-256 over 4 MiB, a fixed loop of compiled C, in MiB/s. `simpy_timeouts`: Timeout events per second of
8 SimPy processes that do nothing but wait, which is what an event-driven simulator pays for each event at least.
"""

import hashlib
import time

import simpy

BLOCK = bytes(4 << 20)
PROCESSES = 8
EVENTS = 4_000  # of each process


def c_loop():
    """MiB hashed per process second."""
    start = time.process_time()
    hashlib.sha256(BLOCK).digest()
    return len(BLOCK) / (1 << 20) / (time.process_time() - start)


def _wait(env):
    for _ in range(EVENTS):
        yield env.timeout(1)


def simpy_timeouts():
    """Timeout events per process second."""
    env = simpy.Environment()
    for _ in range(PROCESSES):
        env.process(_wait(env))
    start = time.process_time()
    env.run()
    return PROCESSES * EVENTS / (time.process_time() - start)


YARDSTICKS = {"c_loop": c_loop, "simpy_timeouts": simpy_timeouts}


def main():
    for name, measured in YARDSTICKS.items():
        print(f"{name:16s} {measured():14,.0f}")


if __name__ == "__main__":
    main()

"""Host cost of waiting: a settle that finds nobody earlier, one that switches, and a SimPy process for comparison.

python benchmarks/settle.py
"""

import time

import simpy

from simslab.base.engine import Clocked, Engine

STEPS = 50_000


def settle_cost(contexts):
    """Microseconds of process time per settle with `contexts` contexts taking turns."""
    engine = Engine(quantum=0)

    def worker(clocked):
        def run():
            for _ in range(STEPS):
                clocked.now += 100
                engine.settle(clocked)

        return run

    for ident in range(contexts):
        clocked = Clocked(ident)
        engine.spawn(clocked, worker(clocked))
    start = time.process_time()
    engine.run()
    return (time.process_time() - start) / (contexts * STEPS) * 1e6


def simpy_cost(processes):
    """Microseconds of process time per timeout of `processes` SimPy generator processes."""
    env = simpy.Environment()

    def worker():
        for _ in range(STEPS):
            yield env.timeout(100)

    for _ in range(processes):
        env.process(worker())
    start = time.process_time()
    env.run()
    return (time.process_time() - start) / (processes * STEPS) * 1e6


def main():
    print(f"settle, one context       {settle_cost(1):6.3f} us")
    print(f"settle, eight contexts    {settle_cost(8):6.3f} us (every settle switches)")
    print(f"SimPy timeout, eight      {simpy_cost(8):6.3f} us")


if __name__ == "__main__":
    main()

"""Queueing of a bucketed server against a busy-until server, which is exact when requests come in order of time.

Poisson requests at several loads; in order, and as eight CPUs that each run ahead by up to the default quantum.

    python benchmarks/servers.py
"""

import random

from simslab.machine.memory.queueing.server import ServerArray

SERVICE = 8  # cycles
REQUESTS = 100_000
CPUS = 8
QUANTUM = 10_000


def poisson(load):
    rng, now, arrivals = random.Random(1), 0.0, []
    for _ in range(REQUESTS):
        now += rng.expovariate(load / SERVICE)
        arrivals.append(int(now))
    return arrivals


def busy_until(arrivals):
    """Mean wait with one busy-until time, in cycles."""
    free = total = 0.0
    for now in arrivals:
        start = max(free, now)
        total += start - now
        free = start + SERVICE
    return total / len(arrivals)


def bucketed(arrivals):
    """Mean wait that `ServerArray` gives the requests in this order."""
    server = ServerArray([SERVICE * 1024])
    return sum(server.request(0, now) for now in arrivals) / len(arrivals)


def run_ahead(arrivals):
    """The order in which eight CPUs with a quantum would make the requests."""
    queues, order, until = [iter(arrivals[cpu::CPUS]) for cpu in range(CPUS)], [], 0
    heads = [next(queue, None) for queue in queues]
    while any(head is not None for head in heads):
        until += QUANTUM
        for cpu, queue in enumerate(queues):
            while heads[cpu] is not None and heads[cpu] < until:
                order.append(heads[cpu])
                heads[cpu] = next(queue, None)
    return order


def main():
    print("load  exact  bucketed, in order  bucketed, run-ahead  busy-until, run-ahead   (cycles)")
    for load in (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9):
        arrivals = poisson(load)
        ahead = run_ahead(arrivals)
        figures = (busy_until(arrivals), bucketed(arrivals), bucketed(ahead), busy_until(ahead))
        print(f"{load:4.1f} {figures[0]:6.2f} {figures[1]:19.2f} {figures[2]:20.2f} {figures[3]:22.1f}")


if __name__ == "__main__":
    main()

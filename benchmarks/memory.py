"""Peak memory and host CPU time of runs of 1, 10 and 100 million operations: neither may grow faster than the run.

    python benchmarks/memory.py [--shortest 1e6] [--longest 1e7] [PATTERN...]

Eight CPUs of two-socket, each run in a process of its own. `--longest 1e8` takes about ten minutes. Twenty times in
each run, where all threads meet (producers and consumers meet at the end alone), every invariant of the allocator's
state is looked at; a broken one ends the run.
"""

import argparse
import multiprocessing
import resource
import time

from simslab.base.build import running_build
from simslab.conform.slab import invariants
from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import prepare

LENGTHS = (10**6, 10**7, 10**8)
CPUS = 8
PARTS = 20  # of a run, with a barrier after each
MEET = {"pattern": "barrier"}


class Sampler:
    """Looks at the invariants when all threads have met, unless an interrupt's or the reaper's work is under way."""

    def __init__(self, system):
        self.system = system
        self.looked = self.passed_over = 0

    def sample(self, _barrier=0):
        """Look now, when no thread is inside the allocator."""
        if any(cpu.in_interrupt for cpu in self.system.machine.cpus) or self.system.allocator.slab_mutex.owner >= 0:
            self.passed_over += 1
            return
        broken = invariants.check(self.system.allocator)
        if broken:
            raise AssertionError("\n".join(broken))
        self.looked += 1


def steps(count):
    """Of each pattern the groups of threads that do `count` operations in all, in parts."""
    each = count // CPUS // PARTS
    kmalloc = {"kmalloc": {"uniform": [8, 2000]}}
    lifetimes = {"objects": each // 2, "lifetime": {"exponential": 200}, "remote": 0.2, "remote_to": "other_node"}
    alone = {
        "alloc_free": {"cache": "c", "operations": each, "live": 500, "order": "random"},
        "lifetimes": {"cache": "c", **lifetimes},
        "bleed": {**kmalloc, "live": 200, "rounds": 10, "replacements": each // 20},
        "bulk": {"cache": "c", "size": 16, "repeat": each // 32},
    }
    groups = {
        name: [{"name": "a", "cpus": f"spread {CPUS}", "steps": [{"pattern": name, **step}, MEET] * PARTS}]
        for name, step in alone.items()
    }
    produce = {"pattern": "produce", "cache": "c", "count": each * PARTS}
    consume = {"pattern": "consume", "of": "a"}
    groups["produce"] = [
        {"name": "a", "cpus": f"first {CPUS // 2}", "steps": [produce, MEET]},
        {"name": "b", "cpus": f"last {CPUS // 2}", "steps": [consume, MEET]},
    ]
    return groups


def run(pattern, count):
    workload = Workload.model_validate({"caches": {"c": {"size": 256}}, "threads": steps(count)[pattern]})
    spec, start = load_machine("two-socket"), time.process_time()
    run = prepare(spec, workload)
    sampler = Sampler(run.system)
    run.meeting.at_release = sampler.sample
    run.execute()
    sampler.sample()
    made = run.collector.measurement(run.threads, run.trace).conservation
    seconds = time.process_time() - start
    done = made["allocated"] + made["freed"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = f"{seconds:7.2f} s  {1e9 * seconds / done:6.0f} ns each  {peak:5.0f} MiB"
    told += f"  invariants held {sampler.looked} times, {sampler.passed_over} passed over"
    print(f"{pattern:12s} {done:>12,} operations  {told}", flush=True)


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--shortest", type=float, default=LENGTHS[0], help="operations of the shortest run")
    reader.add_argument("--longest", type=float, default=LENGTHS[1], help="operations of the longest run")
    reader.add_argument("patterns", nargs="*", choices=[[], *steps(1000)], help="all by default")
    options = reader.parse_args()
    print(f"build: {running_build()}", flush=True)
    for pattern in options.patterns or steps(1000):
        for count in (length for length in LENGTHS if options.shortest <= length <= options.longest):
            child = multiprocessing.get_context("spawn").Process(target=run, args=(pattern, count))
            child.start()
            child.join()


if __name__ == "__main__":
    main()

"""Recorded traces: lines read and paired, streams built and events replayed per second, and memory, one core.

    python benchmarks/traces.py [TIMES]

The recorded lines of hackbench are read, written one after the other TIMES times (default 8 compiled, 1 plain), as
plain text and as gzip. Each figure is the median of 5, beside a yardstick measured in the same seconds: SHA-256 over
64 MiB, whose speed tells how busy the host was. Memory is what a process of its own took beyond one that has read a
short trace, at its peak.
"""

import gzip
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from simslab.base.build import running_build
from simslab.base.shipped import shipped_folder
from simslab.machine.library import load_machine
from simslab.workload.description.library import load_workload
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import TraceReplay
from simslab.workload.run.runner import prepare
from simslab.workload.trace.kmem_trace import read_kmem_trace
from simslab.workload.trace.pairing import pair
from simslab.workload.trace.replay import replay

RUNS = 5
YARDSTICK = bytes(64 << 20)
PLACES = CpuPlaces((0,) * 16 + (1,) * 16, 2)
FREQUENCY = 2_600_000_000


def yardstick():
    start = time.process_time()
    hashlib.sha256(YARDSTICK).digest()
    return len(YARDSTICK) / (time.process_time() - start) / 1e6


def measured(action, amount):
    """Median of `amount` a process second and of the yardstick, over runs that alternate."""
    rates, yards = [], []
    for _ in range(RUNS):
        yards.append(yardstick())
        start = time.process_time()
        action()
        rates.append(amount / (time.process_time() - start))
    return statistics.median(rates), statistics.median(yards)


def show(what, unit, action, amount):
    rate, yard = measured(action, amount)
    print(f"{what:34s} {rate / 1e6:7.3f} M {unit:9s} yardstick {yard:6.0f} MB/s   ratio {rate / yard:8.0f}")


def built(paired):
    return replay([paired], TraceReplay(file=Path("x")), PLACES, FREQUENCY, 1.0)


def steps_of_memory(path):
    """Print the process's peak memory, bytes, after each step of reading `path`."""
    built(pair(read_kmem_trace(shipped_folder("workloads") / "untar-rm.txt.gz")))
    peaks = [peak()]
    trace = read_kmem_trace(path)
    peaks.append(peak())
    paired = pair(trace)
    peaks.append(peak())
    streams = built(paired)
    peaks.append(peak())
    print(len(trace), *peaks)
    del streams


def peak():
    """The most memory that this process has had; `ru_maxrss` would count what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def show_memory(path):
    command = [sys.executable, __file__, "--memory", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    events, before, *after = map(int, told.split())
    steps = ", ".join(
        f"{what} {(at - before) / events:.0f}" for what, at in zip(("read", "paired", "built"), after, strict=True)
    )
    print(f"memory at its peak, bytes an event: {steps}  ({events:,} events)")


def show_replay(machine):
    """Whole runs of the shipped trace without boot: streams built and executed."""
    run = prepare(load_machine(machine), load_workload("hackbench-sockets", []))
    start = time.process_time()
    run.execute()
    seconds = time.process_time() - start
    print(f"{'executed on ' + machine:34s} {run.trace.replayed / seconds / 1e6:7.3f} M events/s  (one run)")


def main():
    compiled = running_build().kind == "compiled"
    times = int(sys.argv[1]) if len(sys.argv) > 1 else (8 if compiled else 1)
    print(f"build: {running_build()}")
    text = gzip.decompress((shipped_folder("workloads") / "hackbench-sockets.txt.gz").read_bytes()) * times
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "t.txt", Path(folder) / "t.txt.gz"
        plain.write_bytes(text)
        packed.write_bytes(gzip.compress(text, 6))
        lines = text.count(b"\n")
        del text
        trace = read_kmem_trace(plain)
        paired = pair(trace)
        show("read and paired, plain text", "lines/s", lambda: pair(read_kmem_trace(plain)), lines)
        show("read and paired, gzip", "lines/s", lambda: pair(read_kmem_trace(packed)), lines)
        show("paired", "events/s", lambda: pair(trace), len(trace))
        show("streams built", "events/s", lambda: built(paired), len(paired.event))
        for machine in ("one-node", "two-socket"):
            show_replay(machine)
        show_memory(plain)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        steps_of_memory(Path(sys.argv[2]))
    else:
        main()

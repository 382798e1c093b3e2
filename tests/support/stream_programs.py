"""Operation streams of small workloads, and what they do to the slots."""

from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import Workload
from simslab.workload.streams import operations as ops
from simslab.workload.streams.from_description import generate
from simslab.workload.streams.program import unpack

GHZ = 1_000_000_000
FILLS, EMPTIES = (ops.ALLOC, ops.KMALLOC), (ops.FREE, ops.KFREE)


def places(nodes=2, cpus=4):
    return CpuPlaces(tuple(n for n in range(nodes) for _ in range(cpus)), nodes)


def program(*groups, seed=1, where=None, **more):
    workload = Workload.model_validate({"threads": list(groups), **more})
    return generate(workload, where or places(), GHZ, seed)


def group(*steps, name="a", cpus="first 2"):
    return {"name": name, "cpus": cpus, "steps": list(steps)}


def rows_of(made, thread):
    """(row of the table of kinds, argument) of each operation of a thread that is no mark of a phase."""
    rows = made.kinds.rows().reshape(-1, ops.NR_FIELDS).tolist()
    kinds, arguments = unpack(made.threads[thread].words)
    told = [(tuple(rows[kind]), int(argument)) for kind, argument in zip(kinds, arguments, strict=True)]
    return [(row, argument) for row, argument in told if row[ops.OPCODE] != ops.PHASE]


def operations_of(made, thread):
    """(opcode, slot) of a thread's allocations and frees."""
    pairs = [(row[ops.OPCODE], argument) for row, argument in rows_of(made, thread)]
    return [pair for pair in pairs if pair[0] in FILLS + EMPTIES]


def check_order(pairs):
    full = set()
    for opcode, slot in pairs:
        assert (slot in full) == (opcode in EMPTIES)
        full ^= {slot}
    return full


def run_serially(made):
    """Execute the threads with waiting on slots, in any order that works; returns slots left full, or None if stuck."""
    streams = [operations_of(made, t) for t in range(len(made.threads))]
    at, full = [0] * len(streams), set()
    moved = True
    while moved:
        moved = False
        for t, stream in enumerate(streams):
            while at[t] < len(stream) and (stream[at[t]][1] in full) == (stream[at[t]][0] in EMPTIES):
                full ^= {stream[at[t]][1]}
                at[t] += 1
                moved = True
    return full if all(a == len(s) for a, s in zip(at, streams, strict=True)) else None

"""Random NUMA machines: 1-6 nodes in any order, some without memory, some with nothing else, CPUs scattered."""

from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec

MEMORY = ["128 MiB", "256 MiB", "512 MiB"]
CACHE = {"ways": 8, "latency": "4 cycles"}


def random_document(chance, memory=MEMORY):
    """A machine file as a document; `chance` is a random.Random."""
    kinds = random_kinds(chance)
    with_cpus = [nid for nid, kind in enumerate(kinds) if kind != "memory-only"]
    cores = chance.randint(1, 3)
    return {
        "name": "random " + "/".join(kinds),
        "layout": {"packages": len(with_cpus), "cores": cores, "cpu_numbers": random_numbers(chance, with_cpus, cores)},
        "core": {"frequency": "2 GHz", "ipc": 2},
        "l1d": {"size": "32 KiB", **CACHE},
        "l2": {"size": "256 KiB", **CACHE},
        "l3": {
            "size": "8 MiB",
            "ways": 16,
            "latency": "40 cycles",
            "other_core": "20 cycles",
            "inclusion": chance.choice(["inclusive", "exclusive", "non-inclusive"]),
        },
        "coherence": {
            "directory": "10 ns",
            "snoop": "20 ns",
            "protocol": chance.choice(["MESIF", "MOESI"]),
            "home": chance.choice(["directory", "snoop", "source-snoop"]),
        },
        "dram": {"latency": "60 ns", "bandwidth": "10 GB/s"},
        "nodes": [node_document(chance, kind, nid, with_cpus, memory) for nid, kind in enumerate(kinds)],
        "links": [{"between": "all", "latency": "30 ns", "bandwidth": "10 GB/s"}] if len(with_cpus) > 1 else [],
        "distances": random_distances(chance, len(kinds)),
        "kernel": {
            **dict.fromkeys(("atomic", "irq_save", "irq_restore", "cli", "sti"), "10 cycles"),
            **dict.fromkeys(("irq_entry", "irq_exit", "ipi"), "100 cycles"),
            "clear_bytes_per_cycle": 32,
        },
    }


def random_kinds(chance):
    """What each node has; some node has CPUs and some node has memory."""
    kinds = chance.choices(["whole", "memoryless", "memory-only"], [6, 2, 2], k=chance.randint(1, 6))
    if all(kind == "memory-only" for kind in kinds) or all(kind == "memoryless" for kind in kinds):
        kinds[chance.randrange(len(kinds))] = "whole"
    return kinds


def random_numbers(chance, with_cpus, cores):
    """CPU numbers of each core place: every package has a CPU, the others may be missing, the order is any."""
    taken = [place % cores == 0 or chance.random() < 0.6 for place in range(len(with_cpus) * cores)]
    numbers = list(range(sum(taken)))
    chance.shuffle(numbers)
    return [str(numbers.pop()) if has else "" for has in taken]


def node_document(chance, kind, nid, with_cpus, memory):
    if kind == "memory-only":
        port = {"package": chance.randrange(len(with_cpus)), "latency": "100 ns"}
        return {"memory": chance.choice(memory), "root_port": port}
    size = chance.choice(memory) if kind == "whole" else 0
    return {"package": with_cpus.index(nid), "memory": size}


def random_distances(chance, count):
    """A SLIT: mostly symmetric, never below 10, often with ties."""
    rows = [[10] * count for _ in range(count)]
    symmetric = chance.random() < 0.8
    for i in range(count):
        for j in range(i):
            rows[i][j] = chance.randint(11, 40)
            rows[j][i] = rows[i][j] if symmetric else chance.randint(11, 40)
    return rows


def random_machine(chance, memory=MEMORY, quantum=10_000):
    return build_machine(MachineSpec.model_validate(random_document(chance, memory)), quantum)

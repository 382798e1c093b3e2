"""The machines of the golden data, as machine files: only nodes, CPUs and distances matter to the allocator's state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.kernel.kernel import Kernel
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = tuple[int, ...]
# CPUs of each node, SLIT distances
TOPOLOGIES: Final[dict[str, tuple[Row, Sequence[Row]]]] = {
    "1n1c": ((1,), ((10,),)),
    "1n4c": ((4,), ((10,),)),
    "2n4c": ((2, 2), ((10, 20), (20, 10))),  # of the instruction counts and accesses
    "2n8c": ((4, 4), ((10, 20), (20, 10))),
    "4n8c": ((2, 2, 2, 2), ((10, 16, 16, 22), (16, 10, 22, 16), (16, 22, 10, 16), (22, 16, 16, 10))),
    "2n4c1m": ((2, 2, 0), ((10, 21, 30), (21, 10, 25), (30, 25, 10))),
}
MEMORY: Final = "1 GiB"


def topology_of(name: str) -> str:
    """Return the topology named by a golden file's name or header, without its boot parameter."""
    for topology in sorted(TOPOLOGIES, key=len, reverse=True):
        if topology in name:
            return topology
    raise UserError(f"no known topology in {name!r}", expected="one of " + ", ".join(TOPOLOGIES))


def options_of(name: str, slab_nomerge: bool) -> SlabOptions:
    """Return the build and boot options that a golden file's name states."""
    order = re.search(r"slab_max_order(\d+)", name)
    return SlabOptions(
        slab_nomerge=slab_nomerge,
        noaliencache="noalien" in name,
        slab_max_order=int(order[1]) if order else None,
        debug_slab="debug" in name,
    )


def machine_document(topology: str) -> dict[str, Any]:
    """Return the machine file of a topology: a package per node with CPUs, memory behind package 0 for one without."""
    cpus, distances = TOPOLOGIES[topology]
    packages = sum(1 for count in cpus if count)
    cache = {"ways": 8, "latency": "4 cycles"}
    return {
        "name": topology,
        "layout": {"packages": packages, "cores": cpus[0]},
        "core": {"frequency": "2 GHz", "ipc": 2},
        "l1d": {"size": "32 KiB", **cache},
        "l2": {"size": "256 KiB", **cache},
        "l3": {"size": "8 MiB", "ways": 16, "latency": "40 cycles", "other_core": "20 cycles"},
        "coherence": {"directory": "10 ns", "snoop": "20 ns"},
        "dram": {"latency": "60 ns", "bandwidth": "10 GB/s"},
        "nodes": [node_document(nid, count) for nid, count in enumerate(cpus)],
        "links": [{"between": "all", "latency": "30 ns", "bandwidth": "10 GB/s"}] if packages > 1 else [],
        "distances": [list(row) for row in distances],
        "kernel": {
            **dict.fromkeys(("atomic", "irq_save", "irq_restore", "cli", "sti"), "10 cycles"),
            **dict.fromkeys(("irq_entry", "irq_exit", "ipi"), "100 cycles"),
            "clear_bytes_per_cycle": 32,
        },
    }


def node_document(nid: int, cpus: int) -> dict[str, Any]:
    """Return one node of a machine file."""
    if cpus:
        return {"package": nid, "memory": MEMORY}
    return {"memory": MEMORY, "root_port": {"package": 0, "latency": "100 ns"}}


def new_system(name: str, options: SlabOptions, standing: bool = False) -> SlabAllocator:
    """Boot the allocator on the topology that `name` mentions, without an engine; `standing`: with all 123 caches."""
    spec = MachineSpec.model_validate(machine_document(topology_of(name)))
    allocator = SlabAllocator(Kernel(build_machine(spec)), options)
    allocator.boot(standing)
    return allocator

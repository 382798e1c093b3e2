"""Small machines of any number of nodes, and a kernel booted on one."""

from collections.abc import Callable
from typing import Any

import pytest

from simslab.kernel.kernel import Kernel
from simslab.machine.machine import Machine, build_machine
from simslab.machine.spec import MachineSpec

MakeMachine = Callable[..., Machine]


def document(
    nodes: int = 2, cpus: int = 2, memory: str = "64 MiB", distances: Any = None, store_buffer: int = 0
) -> dict[str, Any]:
    """A machine of `nodes` nodes with `cpus` CPUs and `memory` each."""
    parts: dict[str, Any] = {
        "name": "small",
        "layout": {"packages": nodes, "cores": cpus},
        "core": {"frequency": "1 GHz", "ipc": 1},
        "l1d": {"size": "32 KiB", "ways": 8, "latency": "4 cycles"},
        "l2": {"size": "256 KiB", "ways": 8, "latency": "14 cycles"},
        "l3": {"size": "2 MiB", "ways": 16, "latency": "40 cycles", "other_core": "30 cycles"},
        "coherence": {"directory": "8 cycles", "snoop": "30 cycles"},
        "dram": {"latency": "60 cycles", "bandwidth": "20 GB/s"},
        "nodes": [{"package": nid, "memory": memory} for nid in range(nodes)],
        "kernel": {
            **dict.fromkeys(("atomic", "irq_save", "irq_restore", "cli", "sti"), "10 cycles"),
            **dict.fromkeys(("irq_entry", "irq_exit", "ipi"), "100 cycles"),
            "clear_bytes_per_cycle": 32,
        },
    }
    if nodes > 1:
        parts["links"] = [{"between": "all", "latency": "30 cycles", "bandwidth": "20 GB/s"}]
    if distances:
        parts["distances"] = distances
    if store_buffer:
        parts["core"]["store_buffer"] = store_buffer
    return parts


@pytest.fixture
def make_machine() -> MakeMachine:
    def make(**shape: Any) -> Machine:
        quantum = shape.pop("quantum", 10_000)
        return build_machine(MachineSpec.model_validate(document(**shape)), quantum)

    return make


@pytest.fixture
def machine(make_machine: MakeMachine) -> Machine:
    return make_machine()


@pytest.fixture
def kernel(machine: Machine) -> Kernel:
    return Kernel(machine)

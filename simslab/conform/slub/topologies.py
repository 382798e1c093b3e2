"""SLUB booted on the machines of the golden data."""

from __future__ import annotations

from simslab.conform.topologies import machine_document, topology_of
from simslab.kernel.kernel import Kernel
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.creation.options import SlubOptions


def new_system(name: str, options: SlubOptions, standing: bool = False) -> SlubAllocator:
    """Boot SLUB on the topology that `name` mentions, without an engine; `standing`: with all 78 caches."""
    spec = MachineSpec.model_validate(machine_document(topology_of(name)))
    kernel = Kernel(build_machine(spec), page_stride=layout.PAGE_STRIDE)
    allocator = SlubAllocator(kernel, options)
    allocator.boot(standing)
    return allocator

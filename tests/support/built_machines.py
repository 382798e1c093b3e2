"""A shipped machine's description together with what is built from it."""

from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology


def built(name, *overrides):
    """Return spec, topology and timing."""
    spec = load_machine(name, overrides)
    topology = build_topology(spec)
    return spec, topology, build_timing(spec, topology)

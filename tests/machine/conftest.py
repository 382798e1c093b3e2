import pytest

from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.coherence import CoherentMemory
from simslab.machine.memory.hierarchy import CacheHierarchy
from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.memory.memory_spec import CacheLatencies, CoherencePolicy, DramSpec, MemoryMap, NetworkSpec
from simslab.machine.memory.paths import Paths
from simslab.machine.memory.states import HOME_DIRECTORY, MESIF, NON_INCLUSIVE

HOP, DRAM, L2, L3, C2C, DIRECTORY, SNOOP = 60, 100, 14, 50, 40, 20, 30


def build_memory(
    domains=2,
    cores_each=4,
    inclusion=NON_INCLUSIVE,
    protocol=MESIF,
    home=HOME_DIRECTORY,
    l1=(4, 2),
    l2=(8, 4),
    l3=(16, 4),
    memory_bits=0,
    one_filter=0,
    ahead=0,
    reach=None,
):
    """A memory with one node per domain, a link each way between any two, node n at section n, tiny caches."""
    hops = [[0 if d == e else HOP for e in range(domains)] for d in range(domains)]
    routes = [[[] if d == e else [d * domains + e] for e in range(domains)] for d in range(domains)]
    network = NetworkSpec(hops, routes, [0] * domains**2, domains)
    interconnect = Interconnect(network, DramSpec([DRAM] * domains, [0] * domains))
    cores = domains * cores_each
    core_domain = [core // cores_each for core in range(cores)]
    places = MemoryMap(core_domain, core_domain, range(domains), range(domains) if reach is None else reach)
    policy = CoherencePolicy(inclusion, protocol, home, memory_bits, one_filter, ahead)
    paths = Paths(
        CacheLatencies(L2, L3, C2C, C2C, C2C, C2C, C2C, DIRECTORY, SNOOP), policy, places, domains, interconnect
    )
    arrays = CacheArray(cores, *l1), CacheArray(cores, *l2), CacheArray(domains, *l3)
    return CoherentMemory(CacheHierarchy(*arrays, places, policy, paths), paths, places)


@pytest.fixture(scope="session")
def make_memory():
    return build_memory

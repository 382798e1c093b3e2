import pytest

from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.coherence import CoherentMemory
from simslab.machine.memory.interconnect import Interconnect
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
    interconnect = Interconnect(hops, routes, domains, [DRAM] * domains, [0] * domains**2, [0] * domains)
    cores = domains * cores_each
    core_domain = [core // cores_each for core in range(cores)]
    return CoherentMemory(
        CacheArray(cores, *l1),
        CacheArray(cores, *l2),
        CacheArray(domains, *l3),
        interconnect,
        core_domain,
        list(range(domains)),
        inclusion,
        protocol,
        core_domain,
        L2,
        L3,
        C2C,
        DIRECTORY,
        SNOOP,
        home,
        memory_bits=memory_bits,
        one_filter=one_filter,
        ahead=ahead,
        reach=reach,
    )


@pytest.fixture(scope="session")
def make_memory():
    return build_memory

import pytest

from simslab.machine.library import load_machine
from simslab.slab_common.flags import SLAB_ACCOUNT
from simslab.slab_common.memcg.standing import ACCOUNTED
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.system import boot_system


@pytest.mark.parametrize("memcg", [False, True])
def test_standing_caches_have_the_flag_in_kernels_that_know_it(memcg):
    system = boot_system(load_machine("two-socket"), KernelOptions(memcg=memcg), 10_000)
    flagged = {cache.name for cache in system.allocator.caches if cache.flags & SLAB_ACCOUNT}
    standing = {cache.name for cache in system.allocator.caches}
    assert flagged == (ACCOUNTED & standing if memcg else set())
    assert len(ACCOUNTED & standing) > 15

"""What is told of requests for pages that fail."""

import pytest

from simslab.conform.slub.topologies import new_system as new_slub
from simslab.conform.topologies import new_system as new_slab
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import MemPolicies, MemPolicy
from simslab.kernel.printk import KernelLog
from simslab.kernel.warn_alloc import WarnAlloc
from simslab.slab.creation.options import SlabOptions
from simslab.slub.creation.options import SlubOptions


class FakeCpu:
    id = 1
    now = 0


@pytest.fixture
def log():
    return KernelLog(2_000_000_000, 2)


def told(log):
    return [line.split("] ", 1)[1] for line in log.lines]


def test_the_task_the_request_and_where_it_may_be_served_are_told(log):
    log.comm[1] = "work"
    WarnAlloc(log, [0, 1, 3]).tell(FakeCpu(), gfp.GFP_ATOMIC | gfp.COMP, 1, None)
    assert told(log) == [
        "work: page allocation failure: order:1, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), "
        "nodemask=(null),cpuset=/,mems_allowed=0-1,3",
        "CPU: 1 PID: 2 Comm: work Not tainted 5.10.135-simslab #1",
    ]


def test_a_task_in_a_cpuset_is_told_with_its_nodes(log):
    policies = MemPolicies([[0, 1], [1, 0]])
    policies.of_cpu[1] = MemPolicy(mems_allowed=(1,))
    WarnAlloc(log, [0, 1]).tell(FakeCpu(), gfp.GFP_KERNEL, 0, policies)
    assert told(log)[0].endswith("mems_allowed=1")


def test_a_request_that_asks_for_silence_is_not_told_and_does_not_count(log):
    warnings = WarnAlloc(log, [0])
    warnings.tell(FakeCpu(), gfp.GFP_KERNEL | gfp.NOWARN, 0, None)
    assert told(log) == []
    warnings.tell(FakeCpu(), gfp.GFP_KERNEL, 0, None)
    assert len(told(log)) == 2


def test_one_warning_in_ten_seconds_is_told(log):
    warnings, cpu = WarnAlloc(log, [0]), FakeCpu()
    for _ in range(3):
        warnings.tell(cpu, gfp.GFP_KERNEL, 0, None)
    cpu.now = 10 * log.frequency_hz + 1
    warnings.tell(cpu, gfp.GFP_KERNEL, 0, None)
    assert told(log)[2] == "warn_alloc: 2 callbacks suppressed"
    assert len(told(log)) == 5


def use_up(kernel, cpu):
    """Take all pages."""
    for order in range(10, -1, -1):
        while kernel.page_allocator.alloc_pages(cpu, gfp.GFP_ATOMIC | gfp.NOWARN, order, -1) >= 0:
            pass


@pytest.mark.parametrize(
    "boot",
    [
        lambda: new_slab("2n8c", SlabOptions(slab_nomerge=True)),
        lambda: new_slub("2n8c", SlubOptions(slab_nomerge=True)),
    ],
)
def test_a_cache_that_cannot_grow_tells_of_its_last_attempt_alone(boot):
    system = boot()
    cpu, cache = system.kernel.machine.cpus[0], system.kmem_cache_create("big", 5000)
    use_up(system.kernel, cpu)
    assert told(system.kernel.log) == []
    assert system.kmem_cache_alloc(cpu, cache, gfp.GFP_ATOMIC) == 0
    failures = [line for line in told(system.kernel.log) if "page allocation failure" in line]
    assert failures == [
        "swapper/0: page allocation failure: order:1, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), "
        "nodemask=(null),cpuset=/,mems_allowed=0-1"
    ]

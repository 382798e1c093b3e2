"""Every allocator answers the whole interface; what does not is a kernel bug, not a wrong result."""

import inspect

import pytest

from simslab.allocator.allocator import Allocator
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions
from simslab.slub.allocator import SlubAllocator

ALLOCATORS = (SlabAllocator, SlubAllocator)
CALLS = [name for name in vars(Allocator) if not name.startswith("_") and callable(getattr(Allocator, name))]


def test_the_interface_has_calls():
    assert {"kmem_cache_alloc", "kfree", "tune", "cpu_up", "slabinfo"} <= set(CALLS)


@pytest.mark.parametrize("allocator", ALLOCATORS)
@pytest.mark.parametrize("call", CALLS)
def test_an_allocator_answers_each_call(allocator, call):
    assert any(call in vars(owner) for owner in allocator.__mro__ if owner not in (Allocator, object))


@pytest.mark.parametrize("allocator", ALLOCATORS)
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_takes_the_parameters_of_the_interface_first(allocator, call):
    try:
        asked = list(inspect.signature(getattr(Allocator, call)).parameters)
        taken = list(inspect.signature(getattr(allocator, call)).parameters)
    except ValueError:  # a compiled function does not tell
        assert getattr(allocator, call) is not getattr(Allocator, call)
    else:
        assert taken[: len(asked)] == asked


def test_a_call_that_an_allocator_has_not_got_is_a_bug():
    whole = new_system("1n1c", SlabOptions())
    bare = Allocator(whole.kernel, ("none",))
    cpu = whole.kernel.machine.cpus[0]
    with pytest.raises(KernelBugError, match="the allocator has no kmalloc"):
        bare.kmalloc(cpu, 64, 0)
    with pytest.raises(KernelBugError, match="the allocator has no slabinfo"):
        bare.slabinfo()

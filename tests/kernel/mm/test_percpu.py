import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm.percpu import PerCpu


def test_memory_given_back_is_used_again() -> None:
    percpu = PerCpu([1 << 20, 2 << 20])
    first = percpu.alloc_percpu(100)
    second = percpu.alloc_percpu(100)
    percpu.free_percpu(first)
    assert percpu.alloc_percpu(64) == first
    assert percpu.address(1, second) - percpu.address(0, second) == 1 << 20


def test_the_kernels_own_variables_are_not_handed_out() -> None:
    assert PerCpu([0]).alloc_percpu(8) >= layout.PERCPU_STATIC_BYTES


def test_an_area_that_is_full_gives_nothing() -> None:
    percpu = PerCpu([0], 4096)
    assert percpu.alloc_percpu(2048) == 2048
    assert percpu.alloc_percpu(8) == -1


def test_one_variable_is_at_most_32_kib_however_much_is_free() -> None:
    percpu = PerCpu([0])
    assert percpu.alloc_percpu((32 << 10) + 1) == -1
    assert percpu.alloc_percpu(32 << 10) >= 0


def test_freeing_twice_is_a_bug() -> None:
    percpu = PerCpu([0])
    offset = percpu.alloc_percpu(8)
    percpu.free_percpu(offset)
    with pytest.raises(KernelBugError):
        percpu.free_percpu(offset)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300), st.sampled_from([8, 64, 256])), max_size=60))
def test_allocations_never_overlap_and_all_comes_back(steps: list[tuple[bool, int, int]]) -> None:
    percpu = PerCpu([0], 16384)
    boot = list(percpu.free)
    held: dict[int, int] = {}
    for take, size, align in steps:
        if take or not held:
            offset = percpu.alloc_percpu(size, align)
            if offset >= 0:
                assert offset % align == 0
                assert all(offset + size <= other or other + length <= offset for other, length in held.items())
                held[offset] = size
        else:
            percpu.free_percpu(held.popitem()[0])
    for offset in held:
        percpu.free_percpu(offset)
    assert percpu.free == boot


def test_a_variable_lies_at_one_offset_in_the_areas_of_all_cpus() -> None:
    assert PerCpu([1 << 20, 2 << 20]).addresses(64) == [(1 << 20) + 64, (2 << 20) + 64]


def told(kernel: Kernel) -> list[str]:
    return [line.split("] ", 1)[1] for line in kernel.log.lines]


def test_a_request_above_32_kib_is_told_as_illegal_and_then_where(kernel: Kernel) -> None:
    assert kernel.percpu.alloc_percpu(40_000, 8, kernel.machine.cpus[1]) == -1
    assert told(kernel) == [
        "illegal size (40000) or align (8) for percpu allocation",
        "WARNING: CPU: 1 PID: 2 at mm/percpu.c pcpu_alloc",
    ]


def test_ten_requests_without_room_are_told_and_no_more(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    while kernel.percpu.alloc_percpu(32 << 10, 8) >= 0:
        pass
    assert told(kernel) == []  # nobody in particular has asked
    for _ in range(12):
        kernel.percpu.alloc_percpu(32 << 10, 64, cpu)
    lines = told(kernel)
    first = "percpu: allocation failed, size=32768 align=64 atomic=0, failed to allocate new chunk"
    assert (lines[0], lines.count(first)) == (first, 10)
    assert lines[-1] == "percpu: limit reached, disable warning"

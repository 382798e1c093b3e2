"""The set-up of a silicon row: caches of its own, memory of the loops' own, barriers."""

import pytest

from simslab.instruments.validate.rig import LINE, Barrier, Pointers, Rig
from simslab.machine.library import load_machine
from simslab.slab_common.flags import SLAB_HWCACHE_ALIGN


def test_every_row_has_a_cache_of_its_own_aligned_to_lines(rig):
    first, second = rig.cache(256), rig.cache(256)
    assert first is not second
    assert first.flags & SLAB_HWCACHE_ALIGN


def test_a_cache_is_tuned_to_the_rows_tunables(rig):
    assert rig.allocator.tunables(rig.cache(64, {"limit": 30, "batchcount": 4, "shared": 8})) == {
        "limit": 30,
        "batchcount": 4,
        "shared": 8,
    }


def test_the_loops_memory_does_not_overlap_and_is_aligned(rig):
    first, second = rig.memory(24), rig.memory(LINE)
    assert second % LINE == 0
    assert second >= first + 24


def test_loops_start_at_one_time_and_meet_at_barriers(rig):
    left, barrier = {}, Barrier(rig, 2)

    def loop(cpu):
        cpu.charge(0, 5000 * cpu.id)
        barrier.meet(cpu)
        left[cpu.id] = cpu.now

    rig.run([(0, loop), (1, loop)])
    assert abs(left[0] - left[1]) < 500


def walk(cpu, pointers, charge, count):
    """Cycles an entry of a walk through an array, and how long after it the core's last store retires."""
    before = cpu.now
    for number in range(count):
        cpu.insn(100)
        charge(cpu, number)
    return (cpu.now - before) / count - 100 * cpu.costs.core.cpi_q16 / 65536, cpu.retired() - cpu.now


@pytest.mark.parametrize("charge", [Pointers.load, Pointers.store])
def test_an_array_in_memory_is_streamed_so_that_neither_the_loop_nor_its_stores_wait(charge):
    rig = Rig(load_machine("emerald-rapids-2", ["core.prefetch=none"]))
    cpu = rig.cpus[0]
    pointers = Pointers(rig, 4096)
    of_entry, unretired = walk(cpu, pointers, lambda *entry: charge(pointers, *entry), 4096)
    assert of_entry < 4
    assert unretired < cpu.costs.core.hidden + 20  # an L2 hit, where a line of memory takes 367 cycles


def test_the_lines_of_an_array_that_another_core_wrote_are_waited_for(rig):
    first, second = rig.cpus
    pointers = Pointers(rig, 4096)
    walk(first, pointers, pointers.store, 4096)
    second.now = first.now
    of_entry, _ = walk(second, pointers, pointers.load, 4096)
    assert of_entry > 20  # an eighth of a transfer


def test_slub_is_that_of_a_kernel_without_slub_debug():
    rig = Rig(load_machine("emerald-rapids-2"), allocator="slub")
    assert rig.allocator.options.no_slub_debug


def test_nanoseconds_follow_from_the_core_clock(rig):
    assert rig.ns(299) == pytest.approx(100)

"""The set-up of a silicon row: caches of its own, memory of the loops' own, barriers."""

import pytest

from simslab.instruments.validate.rig import LINE, Barrier, Pointers
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


def test_an_array_of_pointers_costs_no_time_of_its_own(rig):
    cpu = rig.cpus[0]
    pointers = Pointers(rig, 64)
    pointers.touch(cpu, 1)
    before = cpu.now
    pointers.touch(cpu, 3)
    assert cpu.now == before


def test_nanoseconds_follow_from_the_core_clock(rig):
    assert rig.ns(299) == pytest.approx(100)

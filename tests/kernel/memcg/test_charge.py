import pytest
from memcg_systems import MemcgSystem

from simslab.kernel.errno import ENOMEM
from simslab.kernel.memcg.charge import MAX_RECLAIM_RETRIES, room_in
from simslab.kernel.mm import gfp


@pytest.fixture
def system():
    return MemcgSystem(limit=40)


def charge(system, size, flags=gfp.GFP_KERNEL, cpu=0):
    return system.charging.obj_cgroup_charge(system.cpus[cpu], system.jobs.objcg, flags, size)


def test_the_first_charge_takes_a_batch_and_the_next_the_rest_of_its_page(system):
    assert charge(system, 100) == 0
    stock = system.charging.stocks[0]
    assert (system.jobs.memory.usage, stock.nr_pages, stock.nr_bytes) == (32, 31, 3996)
    assert charge(system, 3996) == 0
    assert (stock.nr_pages, stock.nr_bytes, system.jobs.counts.stock_hits) == (31, 0, 1)


def test_whole_pages_leave_no_bytes(system):
    assert charge(system, 8192) == 0
    assert (system.charging.stocks[0].nr_bytes, system.charging.stocks[0].nr_pages) == (0, 30)


def test_where_a_batch_does_not_fit_the_pages_alone_are_charged(system):
    assert [charge(system, 4096, cpu=cpu) for cpu in (0, 1)] == [0, 0]
    assert (system.jobs.memory.usage, system.jobs.counts.batches) == (33, 1)


def test_a_charge_above_the_limit_is_refused_once_the_stock_is_used_up(system):
    assert [charge(system, 4096) for _ in range(41)] == [0] * 40 + [-ENOMEM]
    assert (system.jobs.memory.usage, system.jobs.counts.failures, room_in(system.jobs)) == (40, 1, 0)


@pytest.mark.parametrize(
    ("flags", "turns"),
    [(gfp.GFP_NOWAIT, 2), (gfp.GFP_KERNEL | gfp.NORETRY, 3), (gfp.GFP_KERNEL, 3 + MAX_RECLAIM_RETRIES)],
)
def test_who_may_not_wait_gives_up_sooner(system, flags, turns):
    system.jobs.memory.charge(system.cpus[0], 40)
    before = system.jobs.memory.failcnt
    assert charge(system, 4096, flags) == -ENOMEM
    assert system.jobs.memory.failcnt - before == turns


@pytest.mark.parametrize("flags", [gfp.GFP_ATOMIC, gfp.GFP_KERNEL | gfp.NOFAIL])
def test_some_requests_may_exceed_the_limit(system, flags):
    system.jobs.memory.charge(system.cpus[0], 40)
    assert charge(system, 4096, flags) == 0
    assert (system.jobs.memory.usage, system.jobs.counts.forced) == (41, 1)


def test_a_task_with_pf_memalloc_may_exceed_the_limit(system):
    system.kernel.reserves.memalloc_noreclaim_save(system.cpus[0])
    system.jobs.memory.charge(system.cpus[0], 40)
    assert charge(system, 4096, gfp.GFP_NOWAIT) == 0


def test_at_the_limit_other_cpus_are_asked_for_what_they_keep(system):
    assert charge(system, 4096, cpu=1) == 0  # a batch: 31 pages stay with CPU 1
    system.jobs.memory.charge(system.cpus[0], 8)
    assert charge(system, 4096) == -ENOMEM
    assert system.kernel.workqueue.run_due_work(system.cpus[1]) == 1
    assert charge(system, 4096) == 0
    assert system.charging.stocks[1].nr_pages == 0


def test_a_cpus_own_stock_of_bytes_goes_back_at_once(system):
    assert charge(system, 100) == 0
    system.jobs.memory.charge(system.cpus[0], 8)
    assert charge(system, 8 * 4096) == 0  # of its own 31 pages


def test_tasks_of_the_root_and_interrupts_are_charged_to_nobody(system):
    cpu = system.cpus[0]
    assert system.charging.get_obj_cgroup_from_current(cpu) is system.jobs.objcg
    system.charging.current[0] = None
    assert system.charging.get_obj_cgroup_from_current(cpu) is None
    assert system.jobs.objcg.refcnt.count == 2


def test_whoever_comes_while_another_drains_does_not(system):
    assert charge(system, 4096, cpu=1) == 0
    system.charging.draining = 1
    system.charging.drain_all_stock(system.cpus[0], system.jobs)
    assert system.kernel.workqueue.pending(system.cpus[1]) == 0


@pytest.mark.parametrize("which", ["slab", "slub"])
def test_a_cpu_that_dies_gives_its_pages_back_and_keeps_its_bytes(which):
    system = MemcgSystem(which)
    objp = system.alloc(cpu=1)
    stock = system.charging.stocks[1]
    kept = stock.nr_bytes
    assert (system.jobs.memory.usage, stock.nr_pages) == (32, 31)
    system.allocator.cpu_down(system.cpus[0], 1)
    assert (system.jobs.memory.usage, stock.nr_pages, stock.cached) == (1, 0, None)
    assert (stock.nr_bytes, stock.cached_objcg) == (kept, system.jobs.objcg)
    assert system.faults() == []
    system.free(objp)
    assert system.faults() == []


def test_a_drain_left_to_a_cpu_that_dies_is_of_the_stock_of_the_cpu_that_does_it(system):
    assert (charge(system, 100, cpu=0), charge(system, 100, cpu=1)) == (0, 0)
    system.charging.drain_all_stock(system.cpus[2], system.jobs)
    system.kernel.cpu_down(system.cpus[2], 1)
    system.kernel.run_due_work(system.cpus[2])
    left = [stock.nr_bytes for stock in system.charging.stocks[:2]]
    system.kernel.run_due_work(system.cpus[0])
    assert left == [3996, 3996]
    assert [stock.nr_bytes for stock in system.charging.stocks[:2]] == [0, 3996]

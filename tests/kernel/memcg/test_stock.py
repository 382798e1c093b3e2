import pytest
from memcg_systems import MemcgSystem

from simslab.kernel.memcg.stock import MEMCG_CHARGE_BATCH


@pytest.fixture
def system():
    return MemcgSystem()


@pytest.fixture
def stock(system):
    return system.charging.stocks[0]


def test_bytes_are_given_to_their_own_cgroup_alone(system, stock):
    cpu = system.cpus[0]
    stock.refill_obj_stock(cpu, system.jobs.objcg, 100)
    assert not stock.consume_obj_stock(cpu, system.web.objcg, 1)
    assert not stock.consume_obj_stock(cpu, system.jobs.objcg, 101)
    assert stock.consume_obj_stock(cpu, system.jobs.objcg, 100)
    assert stock.nr_bytes == 0


def test_another_cgroups_bytes_go_back_and_are_found_again(system, stock):
    cpu, jobs = system.cpus[0], system.jobs.objcg
    stock.refill_obj_stock(cpu, jobs, 100)
    stock.refill_obj_stock(cpu, system.web.objcg, 7)
    assert (jobs.nr_charged_bytes, stock.nr_bytes, jobs.refcnt.count) == (100, 7, 1)
    stock.refill_obj_stock(cpu, jobs, 1)
    assert (jobs.nr_charged_bytes, stock.nr_bytes, system.web.objcg.nr_charged_bytes) == (0, 101, 7)


@pytest.mark.parametrize(("more", "left", "loose", "pages"), [(0, 4096, 0, 0), (1, 0, 1, 1), (4100, 0, 4, 2)])
def test_more_than_a_page_of_bytes_goes_back_as_pages(system, stock, more, left, loose, pages):
    cpu, jobs = system.cpus[0], system.jobs.objcg
    stock.refill_obj_stock(cpu, jobs, 4096)
    stock.refill_obj_stock(cpu, jobs, more)
    assert (stock.nr_bytes, jobs.nr_charged_bytes, stock.nr_pages) == (left, loose, pages)
    assert (stock.cached_objcg is None) == (more > 0)


def test_more_than_a_batch_of_pages_goes_back_to_the_counter(system, stock):
    cpu = system.cpus[0]
    system.jobs.memory.charge(cpu, MEMCG_CHARGE_BATCH + 1)
    stock.refill_stock(cpu, system.jobs, MEMCG_CHARGE_BATCH)
    assert system.jobs.memory.usage == MEMCG_CHARGE_BATCH + 1
    stock.refill_stock(cpu, system.jobs, 1)
    assert (system.jobs.memory.usage, stock.nr_pages, stock.cached) == (0, 0, None)


def test_pages_are_given_to_their_own_cgroup_alone_and_never_more_than_a_batch(system, stock):
    cpu = system.cpus[0]
    stock.refill_stock(cpu, system.jobs, 2)
    assert not stock.consume_stock(cpu, system.web, 1)
    assert not stock.consume_stock(cpu, system.jobs, MEMCG_CHARGE_BATCH + 1)
    assert stock.consume_stock(cpu, system.jobs, 2)


def test_a_drained_cpu_keeps_nothing_and_holds_no_reference(system, stock):
    system.free(system.alloc())
    system.drain()
    assert (stock.cached, stock.cached_objcg, stock.nr_pages, stock.nr_bytes) == (None, None, 0, 0)
    assert (system.jobs.objcg.refcnt.count, system.jobs.css.count) == (1, 1)


def test_stock_is_touched_with_interrupts_off(system, stock):
    cpu = system.cpus[0]
    before = system.kernel.machine.irq_stats.off
    stock.consume_obj_stock(cpu, system.jobs.objcg, 1)
    assert not cpu.irqs_off
    assert any(histogram is not None for histogram in before)

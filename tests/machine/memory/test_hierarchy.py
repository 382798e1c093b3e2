"""Fills and evictions of the caches by themselves, without a protocol above them."""

import pytest

from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.memory.hierarchy import pages_at_boot
from simslab.machine.memory.states import EXCLUSIVE_L3, INCLUSIVE, MODIFIED, NON_INCLUSIVE, SHARED

LINE = 1000
SAME_L2_SET, SAME_L1_SET = 8, 4  # lines apart


@pytest.fixture
def make_caches(make_memory):
    """Caches after core 0 has read or written lines in order, by the memory's own transactions."""

    def make(accesses, **options):
        memory = make_memory(domains=1, cores_each=2, **options)
        for line, write in accesses:
            memory.access(0, line, write, 0)
        return memory.caches

    return make


def test_a_dirty_line_that_leaves_the_l1_is_dirty_in_the_l2(make_caches):
    caches = make_caches([(LINE, 0), (LINE, 1), (LINE + SAME_L1_SET, 0), (LINE + 3 * SAME_L1_SET, 0)])
    assert caches.l1.state_of(0, LINE) == 0
    assert caches.l2.state_of(0, LINE) == MODIFIED


@pytest.mark.parametrize("inclusion", [INCLUSIVE, NON_INCLUSIVE, EXCLUSIVE_L3])
def test_a_line_that_leaves_the_l2_leaves_the_l1_and_is_in_the_l3(make_caches, inclusion):
    caches = make_caches([(LINE + SAME_L2_SET * i, int(i == 0)) for i in range(5)], inclusion=inclusion)
    assert (caches.l1.state_of(0, LINE), caches.l2.state_of(0, LINE)) == (0, 0)
    assert caches.l3.state_of(0, LINE) == MODIFIED
    row = caches.holders.filter_row(0, LINE)
    assert caches.holders.owner[row] == MODIFIED  # and no core has it


@pytest.mark.parametrize(("inclusion", "state"), [(INCLUSIVE, SHARED), (NON_INCLUSIVE, 0), (EXCLUSIVE_L3, 0)])
def test_only_an_inclusive_l3_takes_what_a_core_reads(make_caches, inclusion, state):
    assert make_caches([(LINE, 0)], inclusion=inclusion).l3.state_of(0, LINE) == state


@pytest.mark.parametrize(("inclusion", "left"), [(NON_INCLUSIVE, SHARED), (EXCLUSIVE_L3, 0)])
def test_an_exclusive_l3_gives_a_clean_line_up_on_a_hit(make_caches, inclusion, left):
    lines = [*range(LINE, LINE + 5 * SAME_L2_SET, SAME_L2_SET), LINE]
    assert make_caches([(line, 0) for line in lines], inclusion=inclusion).l3.state_of(0, LINE) == left


def test_the_directory_forgets_a_domain_whose_last_copy_left(make_caches):
    lines = range(LINE, LINE + 16 * 12, 16)  # one set of L2 and of L3
    caches = make_caches([(line, 0) for line in lines])
    held = [line for line in lines if caches.holders.holds(caches.holders.entry(line), 0)]
    assert held == list(lines)[-8:]  # four in the L2, four in the L3


def test_tables_of_a_machine_with_many_nodes_have_room_for_its_boot():
    assert [pages_at_boot(nodes) for nodes in (1, 2, 8, 24, 64)] == [64, 128, 2048, 32768, 131072]
    caches = build_machine(load_machine("two-socket", ["nodes=8", "layout.cores=1"])).cpus[0].memory.caches
    assert caches.holders.pages == 2048


def test_a_flushed_line_is_in_no_cache_and_in_no_table(make_memory):
    memory = make_memory(domains=2, cores_each=2)
    caches = memory.caches
    for core in range(4):
        memory.access(core, LINE, 0, 0)
    caches.flush(LINE)
    assert [caches.private_state(core, LINE) for core in range(4)] == [0] * 4
    assert [caches.l3.state_of(domain, LINE) for domain in (0, 1)] == [0, 0]
    entry = caches.holders.entry(LINE)
    assert [caches.holders.holds(entry, domain) for domain in (0, 1)] == [0, 0]
    assert caches.holders.owner_of(entry) == caches.holders.forwarder_of(entry) == -1

import random

import pytest

from simslab.machine.accounting import causes
from simslab.machine.core.tlb import table_sections
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.memory.states import SECTION_SHIFT

PAGE = 4096
HIT, WALK, L1_LATENCY = 9, 12, 4


def build_cpu(*changes):
    """CPU 0 of two-socket with tiny TLBs for 4 KiB pages: four entries, then eight."""
    small = "{l1: {page_4k: {entries: 4}, page_2m: {entries: 4}, page_1g: {entries: 4}}, l2: {page_4k: {entries: 8}}, "
    spec = load_machine(
        "two-socket", [f"tlb={small} l2_hit: {HIT} cycles, walk: {WALK} cycles, direct_map: 4K}}", *changes]
    )
    return build_machine(spec).cpus[0]


def translation(cpu, addr):
    """Cycles that translating one load takes; its line is in the L1."""
    cpu.memory.access(cpu.core, addr >> 6, 0, cpu.now)
    before, whole = cpu.cause_owner[causes.TLB], cpu.now
    cpu.read(addr)
    assert cpu.now - whole == cpu.cause_owner[causes.TLB] - before
    return cpu.cause_owner[causes.TLB] - before


def test_the_first_access_to_a_page_walks_and_the_next_is_free():
    cpu = build_cpu()
    assert translation(cpu, 10 * PAGE) > WALK
    assert translation(cpu, 10 * PAGE + 64) == 0
    assert cpu.tlb.walks == 1


def test_a_store_in_turn_walks_to_a_page_whose_line_others_hold():
    cpu = build_cpu("core.store_buffer=32")
    cpu.memory.access(cpu.core + 1, 10 * PAGE >> 6, 1, 0)
    cpu.write_in_turn(10 * PAGE)
    assert cpu.tlb.walks == 1
    assert cpu.cause_owner[causes.TLB] > WALK


@pytest.mark.parametrize("ways", [1, 2, 4])
def test_pages_are_found_as_by_a_search_of_their_whole_set(ways):
    """The second of a set comes first by a swap, where there is one."""
    cpu = build_cpu(f"tlb.l1.page_4k={{entries: 4, ways: {ways}}}")
    sets: list[list[int]] = [[] for _ in range(4 // ways)]
    draws = random.Random(ways)
    for _ in range(400):
        page = 10 + draws.randrange(7)
        held = sets[(page + 1) % len(sets)]
        assert (translation(cpu, page * PAGE) == 0) == (page in held)
        sets[(page + 1) % len(sets)] = [page, *(other for other in held if other != page)][:ways]


def test_a_page_that_was_left_is_still_in_the_first_level():
    cpu = build_cpu()
    for page in (10, 11, 10):
        last = translation(cpu, page * PAGE)
    assert last == 0


def test_a_second_level_hit_costs_its_penalty():
    cpu = build_cpu()
    for page in range(10, 16):
        translation(cpu, page * PAGE)
    assert translation(cpu, 10 * PAGE) == HIT
    assert cpu.tlb.walks == 6


def test_a_walk_ends_in_a_load_of_the_table_through_the_caches():
    cpu = build_cpu()
    far = translation(cpu, 16 * PAGE)
    near = translation(cpu, 17 * PAGE)  # eight pages share a line of entries
    assert near == WALK + L1_LATENCY
    assert far > near


def test_each_reference_is_one_load():
    cpu = build_cpu("tlb.references.page_4k=2")
    translation(cpu, 16 * PAGE)
    assert translation(cpu, 17 * PAGE) == WALK + 2 * L1_LATENCY


def table_lines_read(cpu, page):
    """Lines of page tables that the walk for a page brings from memory."""
    dram = causes.LOCAL_DRAM
    before = cpu.memory.lines_owner[dram]
    cpu.read(page * PAGE)
    return cpu.memory.lines_owner[dram] - before - 1  # the data's


def test_an_entry_of_a_higher_level_stands_for_512_of_the_level_below():
    cpu = build_cpu("tlb.references.page_4k=3")
    table, line = 512, 8  # pages under a table of the lowest level, under a line of its entries
    first = 16 * table * line
    assert table_lines_read(cpu, first) == 3
    assert table_lines_read(cpu, first + line) == 1  # of the lowest level
    assert table_lines_read(cpu, first + table * line - line) == 1
    assert table_lines_read(cpu, first + table * line) == 2
    assert table_lines_read(cpu, first + line + 1) == 0


def test_a_page_walks_once_while_its_entry_lasts():
    cpu = build_cpu()
    for page in range(10, 18):
        for offset in range(0, PAGE, 512):
            cpu.read(page * PAGE + offset)
    assert cpu.tlb.walks == 8


@pytest.mark.parametrize(("page", "walks"), [("4K", 2048), ("2M", 4), ("1G", 1)])
def test_a_large_page_of_the_direct_map_hardly_walks(page, walks):
    cpu = build_cpu(f"tlb.direct_map={page}")
    for addr in range(8 << 20, 16 << 20, PAGE):
        cpu.read(addr)
    assert cpu.tlb.walks == walks


def test_siblings_share_the_entries_of_their_core():
    machine = build_machine(load_machine("one-node"))
    first, second = (cpu for cpu in machine.cpus if cpu.core == 0)
    first.read(1 << 24)
    walks = machine.tlb.walks
    second.read(1 << 24)
    assert machine.tlb.walks == walks == 1


@pytest.mark.parametrize("action", ["write", "atomic", "prefetchw"])
def test_every_kind_of_access_is_translated(action):
    cpu = build_cpu()
    getattr(cpu, action)(10 * PAGE)
    assert cpu.tlb.walks == 1


def test_tables_lie_above_all_memory_on_the_node_whose_memory_they_map():
    machine = build_machine(load_machine("two-socket", ["tlb.direct_map=4K"]))
    topology = machine.topology
    cpu = machine.cpus[0]
    remote = causes.REMOTE_DRAM
    before = machine.memory.lines_owner[remote]
    cpu.read(topology.nodes[1].base + 5 * PAGE)
    assert machine.memory.lines_owner[remote] == before + 2  # the table's line, then the data
    assert len(machine.memory.paths.section_owner) > len(topology.section_node)


def test_tables_have_eight_bytes_a_page_and_level():
    section = 1 << SECTION_SHIFT + 6
    pages = section // 8
    assert table_sections(12, 1, pages << 11) == 1
    assert table_sections(12, 1, pages << 13) == 3  # two and the lines at the ends


def test_a_machine_that_states_no_tlb_translates_for_nothing():
    cpu = build_machine(load_machine("two-socket", ["tlb=null"])).cpus[0]
    cpu.read(1 << 24)
    cpu.read(1 << 32)
    assert cpu.tlb is None
    assert cpu.cause_owner[causes.TLB] == 0


def test_tables_that_just_fit_take_no_section_more():
    tables = (1 << SECTION_SHIFT - 6) - 2  # two more are at the ends
    assert [table_sections(12, 1, (tables + more) << 21) for more in (0, 1)] == [1, 2]


def test_entries_of_many_nodes_lie_in_as_many_sets_of_the_caches():
    """A gigabyte has one of 512 entries of a page: eight gigabytes a node are a line, the next node's is the next."""
    machine = build_machine(load_machine("two-socket", ["nodes=32", "links=all", "layout.cores=1"]))
    cpu, nodes = machine.cpus[0], machine.topology.nodes
    seen = []
    machine.memory.witness = Asked(seen)
    for node in nodes:
        cpu.read(node.base)
    tables = [line for line in seen if line << 6 >= nodes[-1].base + nodes[-1].memory]
    assert [line % 64 for line in tables] == list(range(32))
    assert [machine.memory.paths.home_of(line) for line in tables] == list(range(32))


class Asked:
    """The memory's witness: lines asked for, in order."""

    def __init__(self, seen):
        self.seen = seen

    def fetching(self, _core, line):
        self.seen.append(line)

    def fetched(self, *_how):
        pass

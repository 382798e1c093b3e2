"""Latencies are the hand-walked sums of the path; states follow MESIF or MOESI."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.machine.accounting import causes
from simslab.machine.memory.states import (
    EXCLUSIVE,
    EXCLUSIVE_L3,
    FIRST_CORE,
    HOME_SNOOP,
    INCLUSIVE,
    L3_STATE,
    MESIF,
    MODIFIED,
    MOESI,
    NON_INCLUSIVE,
    SHARED,
)

HOP, DRAM, L2, L3, C2C, DIRECTORY, SNOOP = 60, 100, 14, 50, 40, 20, 30
LINE = 1000  # home on node 0
FAR = (1 << 21) + 1000  # home on node 1
LOCAL_DRAM = L3 + DIRECTORY + DRAM
REMOTE_DRAM = LOCAL_DRAM + 2 * HOP
SAME_DOMAIN = L3 + C2C


def read(memory, core, line=LINE):
    return memory.transact(core, line, 0, 0)


def write(memory, core, line=LINE):
    return memory.transact(core, line, 1, 0)


def test_local_memory_is_looked_up_at_home_and_read(make_memory):
    memory = make_memory()
    assert read(memory, 0) == LOCAL_DRAM
    assert memory.cause == causes.LOCAL_DRAM
    assert memory.state_in_core(0, LINE) == EXCLUSIVE


def test_remote_memory_costs_a_hop_each_way(make_memory):
    memory = make_memory()
    assert read(memory, 0, FAR) == REMOTE_DRAM
    assert memory.cause == causes.REMOTE_DRAM


def test_a_line_another_core_of_the_domain_holds_comes_from_it(make_memory):
    memory = make_memory()
    write(memory, 0)
    assert read(memory, 1) == SAME_DOMAIN
    assert memory.cause == causes.OTHER_CORE
    assert memory.state_in_core(0, LINE) == SHARED


def test_a_modified_line_is_forwarded_by_its_owner_through_the_home(make_memory):
    memory = make_memory()
    write(memory, 0)
    assert read(memory, 4) == L3 + HOP + DIRECTORY + SNOOP + HOP
    assert memory.cause == causes.REMOTE_CACHE


def test_the_home_matters_for_a_modified_transfer(make_memory):
    memory = make_memory(domains=3)
    third = (2 << 21) + 1000
    write(memory, 0, third)
    assert read(memory, 4, third) == L3 + HOP + DIRECTORY + HOP + SNOOP + HOP


def test_an_upgrade_waits_for_the_farthest_acknowledgement(make_memory):
    memory = make_memory()
    read(memory, 0)
    read(memory, 4)
    assert write(memory, 0) == L3 + DIRECTORY + HOP + SNOOP + HOP
    assert memory.state_in_core(4, LINE) == 0
    assert memory.state_in_core(0, LINE) == MODIFIED


def test_an_upgrade_of_a_line_nobody_else_holds_asks_only_the_domain(make_memory):
    memory = make_memory()
    write(memory, 0)
    read(memory, 4)
    write(memory, 4)
    read(memory, 0)
    read(memory, 1)
    write(memory, 1)
    assert memory.state_in_core(0, LINE) == 0
    assert memory.state_in_core(4, LINE) == 0


def test_mesif_sends_dirty_data_home_and_moesi_keeps_it(make_memory):
    written = {}
    for protocol in (MESIF, MOESI):
        memory = make_memory(protocol=protocol)
        write(memory, 0)
        read(memory, 4)
        written[protocol] = memory.paths.interconnect.channels.lines(0)
    assert written == {MESIF: 2, MOESI: 1}


def test_under_moesi_the_owner_goes_on_answering(make_memory):
    memory = make_memory(domains=3, protocol=MOESI)
    write(memory, 0)
    read(memory, 4)
    assert read(memory, 8) == L3 + HOP + DIRECTORY + SNOOP + HOP
    assert memory.cause == causes.REMOTE_CACHE


def test_a_snooping_home_waits_for_every_answer(make_memory):
    memory = make_memory(home=HOME_SNOOP)
    assert read(memory, 0) == max(LOCAL_DRAM, L3 + DIRECTORY + HOP + SNOOP + HOP)


@pytest.mark.parametrize("inclusion", [INCLUSIVE, NON_INCLUSIVE, EXCLUSIVE_L3])
def test_a_line_evicted_from_the_core_is_found_in_the_l3(make_memory, inclusion):
    memory = make_memory(inclusion=inclusion)
    write(memory, 0)
    for i in range(1, 5):
        read(memory, 0, LINE + 8 * i)
    assert memory.state_in_core(0, LINE) == 0
    assert read(memory, 0) == L3
    assert memory.cause == causes.L3


def test_an_inclusive_l3_takes_the_line_from_its_cores(make_memory):
    memory = make_memory(inclusion=INCLUSIVE, l3=(1, 2))
    for i in range(3):
        read(memory, 0, LINE + i)
    assert memory.state_in_core(0, LINE) == 0


def test_an_l2_hit_costs_the_l2(make_memory):
    memory = make_memory()
    for i in range(3):
        read(memory, 0, LINE + 4 * i)
    assert read(memory, 0) == L2
    assert memory.cause == causes.L2


programs = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 40), st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=120
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    program=programs,
    inclusion=st.sampled_from([INCLUSIVE, NON_INCLUSIVE, EXCLUSIVE_L3]),
    protocol=st.sampled_from([MESIF, MOESI]),
)
def test_one_owner_or_many_sharers_after_every_access(make_memory, program, inclusion, protocol):
    memory = make_memory(inclusion=inclusion, protocol=protocol)
    for core, offset, far, is_write in program:
        line = (FAR if far else LINE) + offset
        state = memory.state_in_core(core, line)
        if state >= (EXCLUSIVE if is_write else SHARED) and memory.l1.state_of(core, line):
            continue
        memory.transact(core, line, is_write, 0)
        states = [memory.state_in_core(c, line) for c in range(8)]
        assert states[core] == MODIFIED if is_write else states[core] >= SHARED
        if max(states) >= EXCLUSIVE:
            assert sum(1 for s in states if s) == 1
        check_tables(memory)


def check_tables(memory):
    """The snoop filters and the directory name exactly the holders that the arrays show."""
    for line in (*range(LINE, LINE + 41), *range(FAR, FAR + 41)):
        entry = memory.holders.entry(line)
        for domain in range(2):
            word = memory.holders.owner[memory.holders.filter_row(domain, line)]
            l3_state, mask = word & L3_STATE, word >> FIRST_CORE
            assert l3_state == memory.caches.l3.state_of(domain, line)
            holders = sum(1 << c for c in range(4) if memory.state_in_core(domain * 4 + c, line))
            assert mask == holders
            assert memory.holders.holds(entry, domain) == (1 if mask or l3_state else 0)


def test_a_home_that_must_read_its_bits_asks_the_owner_after_memory(make_memory):
    memory = make_memory(memory_bits=1)
    write(memory, 4)  # homed at the reader's node: its own filter knows nothing of the owner
    assert read(memory, 0) == L3 + DIRECTORY + DRAM + HOP + DIRECTORY + SNOOP + HOP


def test_a_home_whose_own_filter_knows_the_owner_does_not_read_its_bits(make_memory):
    memory = make_memory(memory_bits=1)
    write(memory, 0)
    assert read(memory, 4) == L3 + HOP + DIRECTORY + SNOOP + HOP


def test_below_one_filter_a_transfer_costs_as_in_one_domain_and_the_hops(make_memory):
    memory = make_memory(one_filter=1, reach=[7, 7])
    write(memory, 4)
    assert read(memory, 0) == L3 + HOP + C2C + HOP


def test_near_memory_may_be_read_ahead(make_memory):
    memory = make_memory(ahead=15)
    assert read(memory, 0) == LOCAL_DRAM - 15
    assert read(memory, 0, FAR) == REMOTE_DRAM


def test_words_at_the_same_place_of_their_pages_are_remembered_both(make_memory):
    memory = make_memory()
    words = (LINE, LINE + 64)
    for line in words:
        memory.transact_in_turn(0, line, 0)
        memory.locked_until(0, line, 5000)
    assert [memory.transact_in_turn(1, line, 10) for line in words] == [4990 + memory.follow(0, 1)] * 2

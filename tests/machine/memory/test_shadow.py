"""Every load sees the last store, whatever protocol, home and L3: the data are carried along in a shadow memory."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_machines import random_machine
from shadow import Shadow

from simslab.base.build import running_build
from simslab.machine.memory.states import (
    EXCLUSIVE_L3,
    FIRST_CORE,
    HOME_DIRECTORY,
    HOME_SNOOP,
    INCLUSIVE,
    MESIF,
    MODIFIED,
    MOESI,
    NON_INCLUSIVE,
    SHARED,
    SOURCE_SNOOP,
    STATE_BITS,
)

COMPILED = running_build().kind == "compiled"
DOMAINS, CORES = 3, 2
# Lines of three nodes that fall into few sets, so that every cache evicts.
LINES = [(node << 21) + 1000 + 16 * i for node in range(DOMAINS) for i in range(6)]
ACCESSES = st.lists(
    st.tuples(st.integers(0, DOMAINS * CORES - 1), st.integers(0, len(LINES) - 1), st.booleans()), max_size=150
)
INCLUSIONS = [INCLUSIVE, NON_INCLUSIVE, EXCLUSIVE_L3]
HOMES = [HOME_DIRECTORY, HOME_SNOOP, SOURCE_SNOOP]


def shadowed(make_memory, inclusion=NON_INCLUSIVE, protocol=MESIF, home=HOME_DIRECTORY):
    memory = make_memory(DOMAINS, CORES, inclusion, protocol, home, l1=(2, 1), l2=(2, 2), l3=(2, 3))
    return Shadow(memory, LINES, DOMAINS, CORES, DOMAINS)


@settings(max_examples=80 if COMPILED else 20)
@given(
    accesses=ACCESSES,
    inclusion=st.sampled_from(INCLUSIONS),
    protocol=st.sampled_from([MESIF, MOESI]),
    home=st.sampled_from(HOMES),
)
def test_every_load_sees_the_last_store(make_memory, accesses, inclusion, protocol, home):
    shadow = shadowed(make_memory, inclusion, protocol, home)
    for core, index, write in accesses:
        shadow.access(core, LINES[index], int(write))
        assert shadow.problems == []


@pytest.mark.parametrize("inclusion", INCLUSIONS)
@pytest.mark.parametrize("protocol", [MESIF, MOESI])
def test_long_programs_see_the_last_store_through_evictions_and_write_backs(make_memory, inclusion, protocol):
    chance = random.Random(inclusion * 2 + protocol)
    shadow = shadowed(make_memory, inclusion, protocol)
    for _ in range(1500 if COMPILED else 300):
        shadow.access(chance.randrange(DOMAINS * CORES), chance.choice(LINES), int(chance.random() < 0.4))
    assert shadow.problems == []
    assert min(shadow.loads, shadow.stores, shadow.write_backs) > 50


MANY = {"128 cores below one L3": (1, 128), "100 domains": (100, 1), "70 cores below each of 2": (2, 70)}


@pytest.mark.parametrize("inclusion", INCLUSIONS)
@pytest.mark.parametrize("protocol", [MESIF, MOESI])
@pytest.mark.parametrize("size", MANY)
def test_masks_of_several_words_lose_no_copy(make_memory, size, protocol, inclusion):
    domains, cores_each = MANY[size]
    chance = random.Random(size)
    memory = make_memory(domains, cores_each, inclusion, protocol, l1=(1, 1), l2=(1, 2), l3=(1, 3))
    lines = [1000 + (i % domains << 21) + i for i in range(5)]
    shadow = Shadow(memory, lines, domains, cores_each, domains)
    cores = range(domains * cores_each)
    for core in cores if COMPILED else chance.sample(cores, 20):  # everybody shares, then one writes
        shadow.access(core, lines[0], 0)
    shadow.access(cores[-1], lines[0], 1)
    for _ in range(200 if COMPILED else 60):
        shadow.access(chance.choice(cores), chance.choice(lines), int(chance.random() < 0.3))
    assert shadow.problems == []
    assert_tables_name_the_holders(memory, lines, domains, cores_each)


def assert_tables_name_the_holders(memory, lines, domains, cores_each):
    """Filters and directory, bit by bit, against the tag arrays."""
    for line in lines:
        listed = memory.holders.entry(line)
        for domain in range(domains):
            row = memory.holders.filter_row(domain, line)
            held = [memory.state_in_core(domain * cores_each + i, line) != 0 for i in range(cores_each)]
            masks = memory.holders.owner[row : row + memory.holders.core_words].tolist()
            places = range(FIRST_CORE, FIRST_CORE + cores_each)
            assert held == [masks[i // 64] >> (i % 64) & 1 == 1 for i in places]
            in_l3 = memory.caches.l3.state_of(domain, line) != 0
            assert memory.holders.holds(listed, domain) == (1 if in_l3 or any(held) else 0)


def plant(memory, core, line, state):
    """Put a line (state 0: an empty way) into a core's caches behind the protocol's back."""
    for array in (memory.l1, memory.l2):
        array.owner[(core * array.sets + line % array.sets) * array.ways] = (line << STATE_BITS) | state if state else 0


def test_the_shadow_sees_a_copy_that_was_not_invalidated(make_memory):
    shadow = shadowed(make_memory)
    shadow.access(0, LINES[0], 1)
    shadow.access(2, LINES[0], 1)
    plant(shadow.memory, 0, LINES[0], SHARED)
    shadow.access(4, LINES[1], 0)
    assert any("core 0 still holds an old store" in text for text in shadow.problems)


def test_the_shadow_sees_a_second_owner(make_memory):
    shadow = shadowed(make_memory)
    shadow.access(2, LINES[0], 1)
    plant(shadow.memory, 0, LINES[0], MODIFIED)
    shadow.access(4, LINES[1], 0)
    assert any("for itself" in text for text in shadow.problems)
    assert any("2 domains have" in text for text in shadow.problems)


def test_the_shadow_sees_dirty_data_that_is_dropped(make_memory):
    shadow = shadowed(make_memory)
    memory = shadow.memory
    shadow.access(0, LINES[0], 1)
    plant(memory, 0, LINES[0], 0)
    for row in (memory.holders.entry(LINES[0]), memory.holders.filter_row(0, LINES[0])):
        memory.holders.owner[row] = 0
    shadow.access(2, LINES[0], 0)
    assert any("through memory" in text for text in shadow.problems)


@pytest.mark.parametrize("seed", range(6 if COMPILED else 2))
def test_stores_and_loads_in_order_of_simulated_time_on_a_whole_machine(seed):
    """CPUs as the engine runs them, each settling before its accesses."""
    machine = random_machine(random.Random(seed))
    order, last, seen = [], {}, []
    for cpu in machine.cpus:
        chance = random.Random(seed * 100 + cpu.id)
        machine.engine.spawn(cpu, lambda cpu=cpu, chance=chance: work(cpu, chance, order, last, seen))
    machine.engine.run()
    assert order == sorted(order)
    assert seen
    assert all(found == (True, True) for found in seen)


def work(cpu, chance, order, last, seen):
    """Random accesses; after each, the CPU that made the last store to the line is the only one that may own it."""
    memory, base = cpu.memory, 0x100
    for _ in range(150):
        cpu.charge(0, chance.randrange(400))
        cpu.settle()
        order.append(cpu.now)
        line = base + chance.randrange(8)
        if chance.random() < 0.5:
            cpu.write(line << 6)
            last[line] = cpu.core
        else:
            cpu.read(line << 6)
        states = {c.core: memory.state_in_core(c.core, line) for c in cpu.engine.clocked if c is not None}
        owners = [core for core, state in states.items() if state >= 2]
        modified = [core for core, state in states.items() if state == 3]
        alone = not owners or sum(state > 0 for state in states.values()) == 1
        seen.append((len(owners) <= 1 and alone, all(core == last[line] for core in modified)))

"""Random programs take the transitions of the protocols' tables: no other, and each of them, whoever finds holders."""

import random

import pytest

from simslab.instruments import protocol_tables as protocol
from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES
from simslab.machine.accounting import causes
from simslab.machine.memory import states

HOMES = {"directory": states.HOME_DIRECTORY, "snoop": states.HOME_SNOOP, "source-snoop": states.SOURCE_SNOOP}
PROTOCOLS = {"MESIF": states.MESIF, "MOESI": states.MOESI}
INCLUSIONS = (states.INCLUSIVE, states.EXCLUSIVE_L3, states.NON_INCLUSIVE)
DOMAINS, CORES_EACH = 3, 2
LINES = [1 << 20 | n * 16 for n in range(1, 6)]  # few, and all in one set of every cache
STRENGTH = "ISFEOM"
SOURCE = {
    causes.LOCAL_DRAM: protocol.MEMORY,
    causes.REMOTE_DRAM: protocol.MEMORY,
    causes.REMOTE_CACHE: protocol.OWNER,
    causes.L2: protocol.DOMAIN,
    causes.L3: protocol.DOMAIN,
    causes.OTHER_CORE: protocol.DOMAIN,
}
MATCHES = {
    protocol.EITHER: {protocol.MEMORY, protocol.OWNER},
    protocol.SHARERS: {protocol.OWNER},
    protocol.MEMORY: {protocol.MEMORY, protocol.OWNER},  # a far sharer's acknowledgement may be what was waited for
}


def domain_state(memory, domain, line):
    """State of a domain's caches from the directory and the copies below it."""
    mask, owner, forwarder = memory.tracked(line)
    if not mask >> domain & 1:
        return "I"
    if owner == domain + 1:
        if mask != 1 << domain:
            return "O"
        return "M" if memory.is_dirty(domain, line) else "E"
    return "F" if forwarder == domain + 1 else "S"


def seen(memory):
    domains = {(d, line): domain_state(memory, d, line) for d in range(DOMAINS) for line in LINES}
    cores = {
        (c, line): states.STATE_NAMES[memory.state_in_core(c, line)]
        for c in range(DOMAINS * CORES_EACH)
        for line in LINES
    }
    return domains, cores


def strongest(of, line, but, others):
    found = max((of[other, line] for other in others if other != but), key=STRENGTH.index, default="I")
    return protocol.ALONE if found == "I" else found


def event_of(own, accessed, write):
    if not accessed:
        return protocol.EVICT
    if own:
        return protocol.WRITE if write else protocol.READ
    return protocol.OTHER_WRITE if write else protocol.OTHER_READ


def steps(memory, core, line, write, before, after, kind):
    """Yield (state, event, others, next) of every domain (kind 0) or core (kind 1) that took part or changed."""
    old, new = before[kind], after[kind]
    everyone = range(DOMAINS if kind == 0 else DOMAINS * CORES_EACH)
    actor = core // CORES_EACH if kind == 0 else core
    for (who, other_line), state in old.items():
        reached = other_line == line and (who == actor or write or kind == 1 or old[actor, line] == "I")
        event = event_of(who == actor, reached, write)  # a read that hits reaches no other domain
        if event in (protocol.READ, protocol.WRITE):
            yield state, event, strongest(old, line, who, everyone), new[who, line]
        elif state != "I" and (reached or new[who, other_line] != state):
            after_others = strongest(new, other_line, who, everyone)
            yield state, event, after_others, new[who, other_line]


def rows_for(table, step):
    state, event, others, following = step
    return [
        row
        for row in table
        if (row.state, row.event, row.next) == (state, event, following) and row.others in (others, protocol.ANY)
    ]


def path_of(table, step):
    """Rows of a step: one, or an access whose own fill pushed the line's copy out of the L3 at once."""
    state, event, others, following = step
    rows = rows_for(table, step)
    if rows or event == protocol.EVICT:
        return rows
    for first in (row for row in table if (row.state, row.event) == (state, event)):
        second = rows_for(table, (first.next, protocol.EVICT, others, following))
        if second and first in rows_for(table, (state, event, others, first.next)):
            return [first, *second]
    return []


def run(make_memory, home, name, inclusion, seed, writes, length=1500):
    """Run a random program; return the rows of both tables that it took."""
    memory = Watched(make_memory, home, name, inclusion)
    table, taken = DOMAIN_TABLES[name], set()
    program = random.Random(seed)
    before = seen(memory)
    for step in range(length):
        core, line = program.randrange(DOMAINS * CORES_EACH), program.choice(LINES)
        write = int(program.random() < writes)
        latency = memory.access(core, line, write, step * 10_000)
        after = seen(memory)
        for found in steps(memory, core, line, write, before, after, 0):
            rows = path_of(table, found)
            assert rows, f"{name} has no domain transition {found}"
            if found[1] in (protocol.READ, protocol.WRITE):
                source = SOURCE[memory.cause] if latency else protocol.DOMAIN
                assert any(source in MATCHES.get(row.data, {row.data}) for row in rows), (found, source)
            taken |= set(rows)
        for found in steps(memory, core, line, write, before, after, 1):
            rows = path_of(CORE_TABLE, found)
            assert rows, f"no core transition {found}"
            taken |= set(rows)
        before = after
    return taken


class Watched:
    """A memory whose directory a test may read."""

    def __init__(self, make_memory, home, name, inclusion):
        tiny = {"l1": (1, 2), "l2": (1, 2), "l3": (1, 3)}
        self.memory = make_memory(DOMAINS, CORES_EACH, inclusion, PROTOCOLS[name], HOMES[home], **tiny)
        self.access = self.memory.access
        self.state_in_core = self.memory.state_in_core

    @property
    def cause(self):
        return self.memory.cause

    def tracked(self, line):
        holders, row = self.memory.holders, self.memory.holders.entry(line)
        mask = sum(1 << domain for domain in range(DOMAINS) if holders.holds(row, domain))
        return [mask, holders.owner_of(row) + 1, holders.forwarder_of(row) + 1]

    def is_dirty(self, domain, line):
        holders, row = self.memory.holders, self.memory.holders.filter_row(domain, line)
        cores = range(domain * CORES_EACH, (domain + 1) * CORES_EACH)
        return holders.owner[row] & states.L3_STATE == states.MODIFIED or any(
            self.state_in_core(core, line) == states.MODIFIED for core in cores
        )


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_transition_is_in_the_table_and_every_row_is_taken(name, home, make_memory):
    missing = set(DOMAIN_TABLES[name]) | set(CORE_TABLE)
    for seed in range(12):  # some rows are rare: as many programs as it takes
        writes = (0.35, 0.1)[seed % 2]
        missing -= run(make_memory, home, name, INCLUSIONS[seed % 3], seed, writes)
        if seed >= 2 and not missing:
            break
    assert missing == set()


@pytest.mark.parametrize("table", [*DOMAIN_TABLES.values(), CORE_TABLE])
def test_no_row_stands_twice(table):
    keys = [(row.state, row.event, row.others, row.next) for row in table]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_an_owner_excludes_every_other_owner(name):
    for row in DOMAIN_TABLES[name]:
        if row.event == protocol.WRITE:
            assert row.next == "M"
        if row.event == protocol.OTHER_WRITE:
            assert row.next == "I"

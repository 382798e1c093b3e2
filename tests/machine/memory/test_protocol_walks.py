"""Scripts of two to four CPUs, walked by hand for MESIF and MOESI: who answers, what goes home, what states remain.

Domain 0 has cores 0-3 and the line's home; domain 1 has cores 4-7; domain 2 has cores 8-11. The three kinds of home
differ in when an answer comes, never in who gives it: every walk holds for a directory, a snooping home and a snooping
requester. The L3s are non-inclusive: they get what leaves a core, and dirty data that is shared.
"""

import pytest

from simslab.machine.accounting import causes
from simslab.machine.memory.states import HOME_DIRECTORY, HOME_SNOOP, MESIF, MOESI, SOURCE_SNOOP, STATE_NAMES

LINE = 1000
HOMES = {"directory": HOME_DIRECTORY, "snoop": HOME_SNOOP, "source-snoop": SOURCE_SNOOP}
NAMES = {
    causes.L2: "L2",
    causes.L3: "L3",
    causes.OTHER_CORE: "core",
    causes.LOCAL_DRAM: "dram",
    causes.REMOTE_DRAM: "far dram",
    causes.REMOTE_CACHE: "cache",
}
# name: (accesses, who answers each (by protocol where they differ),
# lines written home under MESIF, under MOESI, {core: state at the end})
WALKS = {
    # two CPUs
    "a reader and then another below the same L3": ("r0 r1", "dram core", 0, 0, {0: "S", 1: "S"}),
    "a reader and then another far away": ("r0 r4", "dram cache", 0, 0, {0: "S", 4: "S"}),
    "a far reader first": ("r4 r0", "far dram cache", 0, 0, {0: "S", 4: "S"}),
    "a reader becomes a writer without asking": ("r0 w0 r0", "dram L1 L1", 0, 0, {0: "M"}),
    "a writer and a reader below the same L3": ("w0 r1", "dram core", 0, 0, {0: "S", 1: "S"}),
    "a writer and a reader far away": ("w0 r4", "dram cache", 1, 0, {0: "S", 4: "S"}),
    "a writer and a writer far away": ("w0 w4", "dram cache", 0, 0, {4: "M"}),
    "a line goes to and fro": ("w0 w4 w0 w4", "dram cache cache cache", 0, 0, {4: "M"}),
    "load and store to and fro": ("w0 r4 w4 r0 w0", "dram cache cache cache cache", 2, 0, {0: "M"}),
    "reading what was shared dirty, again": ("w0 r4 r0 r4", "dram cache L1 L1", 1, 0, {0: "S", 4: "S"}),
    # three CPUs
    "a dirty line read below its L3 and then far away": ("w0 r1 r4", "dram core cache", 1, 0, {0: "S", 1: "S", 4: "S"}),
    "three packages read a dirty line": ("w0 r4 r8", "dram cache cache", 1, 0, {0: "S", 4: "S", 8: "S"}),
    # without F, memory answers for clean copies once the first reader's is no longer exclusive
    "one of three sharers writes": (
        "r0 r4 r8 w4",
        {MESIF: "dram cache cache cache", MOESI: "dram cache far dram cache"},
        0,
        0,
        {4: "M"},
    ),
    "three write in turn": ("w0 w4 w8", "dram cache cache", 0, 0, {8: "M"}),
    # a store takes clean data from memory, and dirty data from their owner
    "a writer takes a line that two share": (
        "w0 r4 w8",
        {MESIF: "dram cache far dram", MOESI: "dram cache cache"},
        1,
        0,
        {8: "M"},
    ),
    # four CPUs
    "two on each package read, one upgrades": ("r0 r1 r4 r5 w1", "dram core cache core cache", 0, 0, {1: "M"}),
    "everybody reads a far writer's line": (
        "w4 r5 r0 r8",
        "far dram core cache cache",
        1,
        0,
        {0: "S", 4: "S", 5: "S", 8: "S"},
    ),
    "a round of writers on two packages": ("w0 w1 w4 w5 w0", "dram core cache core cache", 0, 0, {0: "M"}),
    "load and store by four in turn": (
        "r0 w0 r1 w1 r4 w4 r5 w5",
        "dram L1 core core cache cache core core",
        1,
        0,
        {5: "M"},
    ),
}


def walk(memory, script):
    """Who answered each access, and the lines written home."""
    answers, reads = [], 0
    for step in script.split():
        latency = memory.access(int(step[1:]), LINE, int(step[0] == "w"), 0)
        answers.append("L1" if latency == 0 else NAMES[memory.cause])
        reads += answers[-1] in ("dram", "far dram")
    return " ".join(answers), memory.paths.interconnect.channels.lines(0) - reads


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("protocol", [MESIF, MOESI], ids=["MESIF", "MOESI"])
@pytest.mark.parametrize("name", WALKS)
def test_a_walk_by_hand(make_memory, name, protocol, home):
    script, answers, mesif, moesi, states = WALKS[name]
    memory = make_memory(domains=3, protocol=protocol, home=HOMES[home])
    expected = answers[protocol] if isinstance(answers, dict) else answers
    assert walk(memory, script) == (expected, mesif if protocol == MESIF else moesi)
    held = {core: STATE_NAMES[memory.state_in_core(core, LINE)] for core in range(12)}
    assert {core: state for core, state in held.items() if state != "I"} == states


# The directory's row after each step: domains that hold the line, owner, forwarder (numbers + 1, 0 for none).
ROWS = {
    MESIF: {
        "r0": (0b001, 1, 1),  # exclusive: the only holder owns it and would forward it
        "r0 r4": (0b011, 0, 2),  # the newest reader forwards
        "r0 r4 r8": (0b111, 0, 3),
        "w0": (0b001, 1, 0),
        "w0 r4": (0b011, 0, 2),  # the dirty data went home
        "w0 w4": (0b010, 2, 0),
    },
    MOESI: {
        "r0": (0b001, 1, 0),
        "r0 r4": (0b011, 0, 0),  # clean shared copies do not answer
        "w0": (0b001, 1, 0),
        "w0 r4": (0b011, 1, 0),  # state O: the writer's domain keeps the dirty data and answers
        "w0 r4 r8": (0b111, 1, 0),
        "w0 w4": (0b010, 2, 0),
        "w0 r4 w8": (0b100, 3, 0),
    },
}


@pytest.mark.parametrize(("protocol", "script"), [(protocol, script) for protocol in ROWS for script in ROWS[protocol]])
def test_the_directory_after_a_walk(make_memory, protocol, script):
    memory = make_memory(domains=3, protocol=protocol)
    walk(memory, script)
    holders, row = memory.holders, memory.holders.entry(LINE)
    domains = sum(1 << domain for domain in range(3) if holders.holds(row, domain))
    assert (domains, holders.owner_of(row) + 1, holders.forwarder_of(row) + 1) == ROWS[protocol][script]

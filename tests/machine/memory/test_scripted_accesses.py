"""Scripted accesses of two to four CPUs take exactly the transactions that a walk through the protocol expects."""

import pytest

from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

NEAR, FAR = 0, 16  # CPUs of the two sockets of two-socket
COUNTED = {
    "L1": None,
    "other core": causes.OTHER_CORE,
    "L3": causes.L3,
    "local DRAM": causes.LOCAL_DRAM,
    "remote cache": causes.REMOTE_CACHE,
    "remote DRAM": causes.REMOTE_DRAM,
}
SCRIPTS = {
    "a load, and loads again": ([("r", 0), ("r", 0), ("w", 0)], {"local DRAM": 1, "L1": 2}),
    "a store is handed to and fro on one socket": (
        [("w", 0), ("w", 1), ("w", 0), ("w", 1)],
        {"local DRAM": 1, "other core": 3},
    ),
    "a store is handed to and fro between sockets": (
        [("w", NEAR), ("w", FAR), ("w", NEAR)],
        {"local DRAM": 1, "remote cache": 2},
    ),
    "a load before each store makes two transactions": (
        [("w", NEAR), ("r", FAR), ("w", FAR), ("r", NEAR), ("w", NEAR)],
        {"local DRAM": 1, "remote cache": 4},
    ),
    "three readers and an upgrade": (
        [("r", 0), ("r", 1), ("r", 2), ("w", 0), ("r", 1)],
        {"local DRAM": 1, "other core": 4},
    ),
    "four CPUs on two sockets": (
        [("w", 0), ("r", 1), ("r", FAR), ("r", FAR + 1), ("w", FAR), ("r", 0)],
        {"local DRAM": 1, "other core": 2, "remote cache": 3},
    ),
    "the other socket's reader is first": ([("r", FAR), ("w", FAR), ("r", FAR)], {"remote DRAM": 1, "L1": 2}),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_transactions_are_those_of_the_walk(script):
    steps, expected = SCRIPTS[script]
    machine = build_machine(load_machine("two-socket"), quantum=0)
    counts = dict.fromkeys(COUNTED, 0)
    now = 0
    for kind, cpu in steps:
        latency = machine.memory.access(machine.cpus[cpu].core, 4096, 1 if kind == "w" else 0, now)
        now += latency + 100_000
        cause = machine.memory.cause
        counts["L1" if latency == 0 else next(name for name, number in COUNTED.items() if number == cause)] += 1
    assert {name: count for name, count in counts.items() if count} == expected


def test_at_most_one_core_owns_a_line():
    machine = build_machine(load_machine("two-socket"), quantum=0)
    for step in range(200):
        cpu = step * 7 % 32
        machine.memory.access(cpu, 4096, step % 3 == 0, step * 10_000)
        states = [machine.memory.state_in_core(core, 4096) for core in range(32)]
        owners = sum(state >= 2 for state in states)
        assert owners <= 1
        assert owners == 0 or sum(state > 0 for state in states) == 1

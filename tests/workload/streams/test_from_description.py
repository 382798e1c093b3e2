from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simslab.base.errors import BadValue
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import Workload
from simslab.workload.streams import making
from simslab.workload.streams import operations as ops
from simslab.workload.streams.from_description import generate
from simslab.workload.streams.program import unpack

GHZ = 1_000_000_000
FILLS, EMPTIES = (ops.ALLOC, ops.KMALLOC), (ops.FREE, ops.KFREE)


def places(nodes=2, cpus=4):
    return CpuPlaces(tuple(n for n in range(nodes) for _ in range(cpus)), nodes)


def program(*groups, seed=1, where=None, **more):
    workload = Workload.model_validate({"threads": list(groups), **more})
    return generate(workload, where or places(), GHZ, seed)


def group(*steps, name="a", cpus="first 2"):
    return {"name": name, "cpus": cpus, "steps": list(steps)}


def operations_of(made, thread):
    """(opcode, slot) of a thread's allocations and frees."""
    rows = made.kinds.rows().reshape(-1, ops.NR_FIELDS)
    kinds, arguments = unpack(made.threads[thread].words)
    pairs = [(int(rows[k][ops.OPCODE]), int(a)) for k, a in zip(kinds, arguments, strict=True)]
    return [pair for pair in pairs if pair[0] in FILLS + EMPTIES]


def check_order(pairs):
    full = set()
    for opcode, slot in pairs:
        assert (slot in full) == (opcode in EMPTIES)
        full ^= {slot}
    return full


def run_serially(made):
    """Execute the threads with waiting on slots, in any order that works; returns slots left full, or None if stuck."""
    streams = [operations_of(made, t) for t in range(len(made.threads))]
    at, full = [0] * len(streams), set()
    moved = True
    while moved:
        moved = False
        for t, stream in enumerate(streams):
            while at[t] < len(stream) and (stream[at[t]][1] in full) == (stream[at[t]][0] in EMPTIES):
                full ^= {stream[at[t]][1]}
                at[t] += 1
                moved = True
    return full if all(a == len(s) for a, s in zip(at, streams, strict=True)) else None


CHURN = {"pattern": "alloc_free", "kmalloc": 64, "operations": 200, "live": 7}


@pytest.mark.parametrize("order", ["fifo", "lifo", "random"])
def test_a_private_loop_fills_and_empties_its_own_slots(order):
    made = program(group(CHURN | {"order": order}))
    slots = [{slot for _, slot in operations_of(made, t)} for t in range(2)]
    assert not slots[0] & slots[1]
    for thread in range(2):
        pairs = operations_of(made, thread)
        assert len(pairs) == 200
        assert len(check_order(pairs)) <= 7


def test_lifo_frees_the_newest_first_and_fifo_the_oldest():
    first = {}
    for order in ("fifo", "lifo"):
        pairs = operations_of(program(group(CHURN | {"order": order, "live": 3})), 0)
        base = pairs[0][1]
        first[order] = [slot - base for _, slot in pairs[:6]]
    assert first == {"fifo": [0, 1, 2, 0, 1, 2], "lifo": [0, 1, 2, 2, 1, 0]}


def test_the_same_seed_gives_the_same_streams_and_another_seed_others():
    step = CHURN | {"order": "random"}
    words = [program(group(step), seed=seed).threads[0].words.tolist() for seed in (1, 1, 2)]
    assert words[0] == words[1] != words[2]


def test_another_cpu_does_not_disturb_the_draws_of_the_others():
    step = CHURN | {"order": "random"}
    two, three = (operations_of(program(group(step, cpus=f"first {n}")), 0) for n in (2, 3))
    assert two == three


def test_a_share_of_the_objects_is_freed_by_others_on_other_nodes():
    step = {"pattern": "lifetimes", "kmalloc": 64, "objects": 2000, "lifetime": {"exponential": 50}}
    made = program(group(step | {"remote": 0.2, "remote_to": "other_node"}, cpus="spread 4"))
    born = [{slot for op, slot in operations_of(made, t) if op in FILLS} for t in range(4)]
    nodes = [made.threads[t].cpu // 4 for t in range(4)]
    away = 0
    for t in range(4):
        for op, slot in operations_of(made, t):
            owner = next(i for i in range(4) if slot in born[i])
            if op in EMPTIES and owner != t:
                assert nodes[owner] != nodes[t]
                away += 1
    assert away / 8000 == pytest.approx(0.2, abs=0.02)
    assert run_serially(made) == set()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["next", "random", "other_node"]),
    st.floats(0, 1),
    st.integers(0, 30),
    st.integers(1, 9),
)
def test_no_program_waits_in_a_circle(producers, consumers, to, remote, lifetime, ring):
    made = program(
        group(
            {
                "pattern": "lifetimes",
                "kmalloc": 8,
                "objects": 60,
                "lifetime": lifetime,
                "remote": remote,
                "remote_to": to,
            },
            {"pattern": "produce", "kmalloc": {"uniform": [8, 99]}, "count": 40, "ring": ring},
            cpus=f"first {producers}",
        ),
        group({"pattern": "consume", "of": "a"}, name="b", cpus=f"last {consumers}"),
    )
    assert run_serially(made) == set()


def test_every_produced_object_is_consumed_once():
    made = program(
        group({"pattern": "produce", "kmalloc": 8, "count": 90, "ring": 100}, cpus="first 2"),
        group({"pattern": "consume", "of": "a"}, name="b", cpus="last 3"),
    )
    made_slots = Counter(slot for t in range(2) for _, slot in operations_of(made, t))
    taken = Counter(slot for t in range(2, 5) for _, slot in operations_of(made, t))
    assert made_slots == taken


@pytest.mark.parametrize(("producers", "consumers"), [(1, 3), (2, 3), (3, 2), (2, 2)])
def test_a_slot_has_one_producer_and_one_consumer(producers, consumers):
    made = program(
        group({"pattern": "produce", "kmalloc": 8, "count": 90, "ring": 2}, cpus=f"first {producers}"),
        group({"pattern": "consume", "of": "a"}, name="b", cpus=f"last {consumers}"),
    )
    users = Counter(
        slot for thread in range(producers + consumers) for slot in {s for _, s in operations_of(made, thread)}
    )
    assert set(users.values()) == {2}
    assert run_serially(made) == set()


def test_scale_multiplies_the_operations():
    assert len(operations_of(program(group(CHURN), scale=0.1), 0)) == 20


def test_objects_kept_by_all_others_are_freed_by_one():
    made = program(
        group({"pattern": "barrier"}, {"pattern": "free", "of": "rest", "name": "o"}, cpus="first 1"),
        group(
            {"pattern": "alloc", "kmalloc": 8, "count": 5, "name": "o"},
            {"pattern": "barrier"},
            name="rest",
            cpus="rest",
        ),
    )
    assert len(operations_of(made, 0)) == 5 * 7
    assert run_serially(made) == set()


def test_a_device_delivers_packets_that_its_consumer_frees():
    device = {
        "name": "nic",
        "every": "10 us",
        "interrupts": 50,
        "burst": 2,
        "caches": ["skb"],
        "kmalloc": 100,
        "cpu": 0,
    }
    made = program(group({"pattern": "consume", "of": "nic"}, cpus="last 1"), devices=[device])
    assert made.devices[0].packets == 100
    assert len(operations_of(made, 0)) == 200
    assert np.all(np.diff(made.devices[0].arrivals) > 0)


KEEP = {"pattern": "alloc", "kmalloc": 64, "count": 5}
FREE = {"pattern": "free"}


@pytest.mark.parametrize(
    ("groups", "said", "at"),
    [
        ([group(CHURN, cpus="first 9")], "'first 9' of 8 CPUs", ("threads", 0, "cpus")),
        ([group(CHURN), group(CHURN, name="b")], "CPU 0 already runs a thread of 'a'", ("threads", 1, "cpus")),
        ([group(CHURN | {"node": 5})], "the machine has no node 5", ("threads", 0, "steps", 0, "node")),
        ([group(KEEP, FREE, FREE)], "keeps 'objects' for this step", ("threads", 0, "steps", 2, "name")),
    ],
)
def test_what_the_machine_cannot_do_is_an_error_with_its_place(groups, said, at):
    with pytest.raises(BadValue, match=said) as error:
        program(*groups)
    assert error.value.faults[0].at == at


@pytest.mark.parametrize(
    ("step", "each"),
    [
        (CHURN, 200),
        ({"pattern": "alloc", "name": "kept", "kmalloc": 64, "count": 70}, 70),
        ({"pattern": "bulk", "cache": "filp", "size": 4, "repeat": 60}, 60),
        ({"pattern": "work", "time": "1 us", "repeat": 50}, 50),
        ({"pattern": "lifetimes", "kmalloc": 64, "objects": 40, "lifetime": 5}, 40),
        ({"pattern": "bleed", "kmalloc": 64, "live": 4, "rounds": 2, "replacements": 15}, 30),
    ],
    ids=lambda value: value["pattern"] if isinstance(value, dict) else "",
)
def test_the_limit_counts_each_operation_of_each_thread_once(step, each, monkeypatch):
    threads = 4
    monkeypatch.setattr(making, "MAX_OPERATIONS", each * threads)
    program(group(step, cpus=f"first {threads}"))
    monkeypatch.setattr(making, "MAX_OPERATIONS", each * threads - 1)
    with pytest.raises(BadValue, match=f"^{each * threads:,} operations up to here"):
        program(group(step, cpus=f"first {threads}"))


def test_rings_are_paired_with_threads_in_turn():
    """Ring i belongs to consumer i modulo their number; a producer's consumers take its objects in turn."""
    produce = {"pattern": "produce", "kmalloc": 8, "count": 12, "ring": 6}

    def takers(producers, consumers):
        """Which consumers take the objects of each producer, in the order in which it makes them."""
        made = program(
            group(produce, cpus=f"first {producers}"),
            group({"pattern": "consume", "of": "a"}, name="b", cpus=f"last {consumers}"),
        )
        taken = {slot: t for t in range(consumers) for _, slot in operations_of(made, producers + t)}
        return [[taken[slot] for _, slot in operations_of(made, p)] for p in range(producers)]

    assert takers(4, 3) == [[0] * 12, [1] * 12, [2] * 12, [0] * 12]
    assert takers(2, 3) == [[0, 2] * 6, [1] * 12]
    assert takers(1, 3) == [[0, 1, 2] * 4]


def test_a_ring_is_the_bound_of_what_one_consumer_leaves_waiting():
    made = program(
        group({"pattern": "produce", "kmalloc": 8, "count": 40, "ring": 5}, cpus="first 1"),
        group({"pattern": "consume", "of": "a"}, name="b", cpus="last 2"),
    )
    for thread in (1, 2):
        slots = [slot for _, slot in operations_of(made, thread)]
        assert len(slots) == 20
        assert slots == slots[:5] * 4

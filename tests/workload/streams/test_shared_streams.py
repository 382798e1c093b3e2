"""What threads do to objects that others allocated."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream_programs import EMPTIES, FILLS, group, operations_of, program, rows_of, run_serially

from simslab.workload.streams import operations as ops


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


def test_a_free_of_another_thread_has_the_touch_and_the_think_time_of_the_one_that_consumes():
    made = program(
        group({"pattern": "produce", "kmalloc": 64, "count": 3, "touch": 8}, cpus="first 1"),
        group({"pattern": "consume", "of": "a", "touch": 32, "think": "2 us"}, name="b", cpus="last 1"),
    )
    (produced, _), (consumed, _) = rows_of(made, 0)[0], rows_of(made, 1)[0]
    assert (produced[ops.TOUCH_BYTES], consumed[ops.TOUCH_BYTES], consumed[ops.THINK]) == (8, 32, 2000)


def test_who_takes_a_packet_of_a_device_frees_all_its_objects():
    nic = {"name": "nic", "every": "1 us", "interrupts": 10, "burst": 3, "caches": ["head", "frags"], "kmalloc": 64}
    sizes = {"head": {"size": 232}, "frags": {"size": 512}}
    made = program(group({"pattern": "consume", "of": "nic"}, cpus="first 4"), devices=[nic], caches=sizes)
    (device,) = made.devices
    packets = [[(slot - device.first_slot) // 3 for _, slot in operations_of(made, thread)] for thread in range(4)]
    assert packets == [[packet for packet in range(thread, 30, 4) for _ in range(3)] for thread in range(4)]


BLEED = {"pattern": "bleed", "kmalloc": 64, "live": 6, "rounds": 3, "replacements": 20}


def test_after_a_round_each_thread_goes_on_with_its_neighbours_objects():
    made = program(group(BLEED, cpus="first 3"))
    arrays = [sorted({slot for _, slot in operations_of(made, t)[:6]}) for t in range(3)]
    for thread in range(3):
        slots = [slot for _, slot in operations_of(made, thread)[6:]]
        rounds = [slots[turn * 40 : turn * 40 + 40] for turn in range(3)]
        for turn, used in enumerate(rounds):
            assert set(used) <= set(arrays[(thread + turn) % 3])
        assert slots[120:] == arrays[thread]  # after as many rounds as threads it is back at its own


def test_a_replacement_frees_an_object_and_allocates_in_its_place():
    pairs = operations_of(program(group(BLEED, cpus="first 2")), 0)[6:-6]
    for free, alloc in zip(pairs[::2], pairs[1::2], strict=True):
        assert (free[0] in EMPTIES, alloc[0] in FILLS, free[1]) == (True, True, alloc[1])


def test_all_threads_meet_before_each_round_and_before_the_end():
    made = program(group(BLEED, cpus="first 2"))
    barriers = [[at for row, at in rows_of(made, t) if row[ops.OPCODE] == ops.BARRIER] for t in (0, 1)]
    assert barriers[0] == barriers[1]
    assert len(set(barriers[0])) == len(barriers[0]) == 4
    assert [made.parties[barrier] for barrier in barriers[0]] == [2] * 4


@pytest.mark.parametrize("ring", [1, 3, 50])
def test_a_ring_is_filled_from_its_first_slot_on(ring):
    """A consumer's ring follows that of the one before; no slot lies outside of those handed out."""
    made = program(
        group({"pattern": "produce", "kmalloc": 8, "count": 8, "ring": ring}, cpus="first 1"),
        group({"pattern": "consume", "of": "a"}, name="b", cpus="last 2"),
    )
    turns = [(turn % 2) * ring + (turn // 2) % ring for turn in range(8)]
    assert [slot for _, slot in operations_of(made, 0)] == turns
    assert made.slots.size == 2 * ring

import numpy as np
import pytest
from stream_programs import group, operations_of, program

from simslab.base.errors import BadValue
from simslab.workload.streams import making

CHURN = {"pattern": "alloc_free", "kmalloc": 64, "operations": 200, "live": 7}


def test_the_same_seed_gives_the_same_streams_and_another_seed_others():
    step = CHURN | {"order": "random"}
    words = [program(group(step), seed=seed).threads[0].words.tolist() for seed in (1, 1, 2)]
    assert words[0] == words[1] != words[2]


def test_another_cpu_does_not_disturb_the_draws_of_the_others():
    step = CHURN | {"order": "random"}
    two, three = (operations_of(program(group(step, cpus=f"first {n}")), 0) for n in (2, 3))
    assert two == three


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


def test_every_object_of_every_packet_counts_as_an_operation(monkeypatch):
    monkeypatch.setattr(making, "MAX_OPERATIONS", 1000)
    nic = {"name": "nic", "every": "1 us", "interrupts": 20, "burst": 30, "caches": ["a"], "kmalloc": 64}
    with pytest.raises(BadValue, match="1,200 operations up to here") as refused:
        program(group({"pattern": "consume", "of": "nic"}), devices=[nic])
    assert refused.value.at == ("devices", 0)


STEPS = [
    ({"pattern": "alloc_free", "kmalloc": 8, "operations": 10}, 30),
    ({"pattern": "alloc", "kmalloc": 8, "count": 10}, 30),
    ({"pattern": "bulk", "cache": "files", "size": 2, "repeat": 10}, 30),
    ({"pattern": "work", "time": "1 us", "repeat": 10}, 30),
    ({"pattern": "lifetimes", "kmalloc": 8, "objects": 10, "lifetime": 3}, 30),
    ({"pattern": "produce", "kmalloc": 8, "count": 10}, 30),
    ({"pattern": "bleed", "kmalloc": 8, "live": 2, "rounds": 2, "replacements": 10}, 72),
]


@pytest.mark.parametrize(("step", "operations"), STEPS, ids=[step["pattern"] for step, _ in STEPS])
def test_a_step_counts_once_for_each_of_its_threads(step, operations, monkeypatch):
    def made():
        consumer = [group({"pattern": "consume", "of": "a"}, name="b", cpus="last 1")]
        groups = [group(step, cpus="first 3"), *(consumer if step["pattern"] == "produce" else [])]
        return program(*groups, caches={"files": {"size": 64}})

    monkeypatch.setattr(making, "MAX_OPERATIONS", operations)
    made()
    monkeypatch.setattr(making, "MAX_OPERATIONS", operations - 1)
    with pytest.raises(BadValue, match=f"{operations} operations up to here"):
        made()

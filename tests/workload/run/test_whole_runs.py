"""Whole runs: every shipped machine with every shipped workload, and the properties that every run has."""

import dataclasses

import pytest
from small_runs import CHURN, check, run

from simslab.base.build import running_build
from simslab.machine.library import load_machine, machine_names
from simslab.result.latency import merge_rows
from simslab.workload.description.library import load_workload, workload_names
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import run_workload

COMPILED = running_build().kind == "compiled"
SCALE = "scale=0.1" if COMPILED else "scale=0.02"
# Booting the larger machines takes plain Python ten seconds and more: one load each there, three on the compiled build.
LOADS = ["mixed-remote", "network-receive", "untar-rm"] if COMPILED else ["network-receive"]
GENERIC = ["one-node", "two-socket", "four-socket", "memory-only-node", "memoryless-node"]
TWO_CPUS = ["emerald-rapids-2", "emerald-rapids-2-2n"]  # too few for loads that are spread over eight
LARGE = ["generic-64", "uv-2000"]  # hundreds of CPUs, tens of nodes: booting them takes many seconds
GROUP = {"name": "a", "cpus": "first 2"}


@pytest.mark.parametrize("workload", workload_names())
@pytest.mark.parametrize("machine", GENERIC)
def test_every_generic_machine_runs_every_shipped_workload(machine, workload):
    measured = run_workload(load_machine(machine), load_workload(workload, [SCALE]))
    check(measured)
    assert (measured.machine, measured.workload) == (machine, workload)
    assert measured.latency
    assert measured.slabinfo.startswith("slabinfo - version: 2.1")


@pytest.mark.parametrize("workload", sorted(set(workload_names()) - {"memory-bugs"}))  # those bugs are for SLAB's debug
def test_slub_serves_every_other_shipped_workload(workload):
    options = ["scale=0.02", "kernel.allocator=slub"]
    measured = run_workload(load_machine("two-socket"), load_workload(workload, options))
    check(measured)
    assert {"fast", "new_slab", "bulk"} & {row.path for row in measured.latency}
    assert measured.slabinfo.startswith("slabinfo - version: 2.1")


@pytest.mark.parametrize("workload", LOADS)
@pytest.mark.parametrize("machine", sorted(set(machine_names()) - set(GENERIC) - set(LARGE) - set(TWO_CPUS)))
def test_every_machine_of_the_library_runs(machine, workload):
    measured = run_workload(load_machine(machine), load_workload(workload, ["scale=0.02"]))
    check(measured)
    assert measured.latency


@pytest.mark.parametrize("machine", TWO_CPUS)
def test_a_machine_of_two_cpus_runs_a_recording(machine):
    measured = run_workload(load_machine(machine), load_workload("untar-rm", ["scale=0.02"]))
    check(measured)
    assert measured.latency


@pytest.mark.slow
@pytest.mark.parametrize("workload", workload_names())
@pytest.mark.parametrize("machine", sorted(set(machine_names()) - set(GENERIC) - set(TWO_CPUS)))
def test_every_machine_of_the_library_runs_every_shipped_workload(machine, workload):
    check(run_workload(load_machine(machine), load_workload(workload, ["scale=0.02"])))


@pytest.mark.slow
@pytest.mark.parametrize("machine", LARGE)
def test_the_largest_machines_boot_and_run(machine):
    measured = run_workload(load_machine(machine), load_workload("mixed-remote", ["scale=0.02"]))
    check(measured)


@pytest.mark.parametrize("quantum", [0, 500, 10_000])
def test_a_run_repeats_exactly(quantum):
    workload = load_workload("mixed-remote", ["scale=0.02"])
    first, second = (run_workload(load_machine("two-socket"), workload, quantum=quantum) for _ in range(2))
    check(first)
    assert dataclasses.asdict(first) == dataclasses.asdict(second)


def test_another_seed_gives_another_run():
    workload = load_workload("local-churn", ["scale=0.02"])
    runs = [run_workload(load_machine("one-node"), workload, seed=seed) for seed in (1, 2)]
    assert runs[0].latency != runs[1].latency


def test_no_object_is_freed_before_it_was_allocated_in_simulated_time():
    produce = {"pattern": "produce", "kmalloc": 64, "count": 500, "think": "2 us"}
    measured = run(
        "two-socket",
        {"name": "p", "cpus": "first 1", "steps": [produce]},
        {"name": "c", "cpus": "last 1", "steps": [{"pattern": "consume", "of": "p"}]},
    )
    check(measured)
    consumer = next(cpu for cpu in measured.cpus if cpu.cpu == 31)
    producer = next(cpu for cpu in measured.cpus if cpu.cpu == 0)
    assert consumer.causes["wait"] > 0.9 * producer.causes["work"]
    assert consumer.clock > 0.99 * producer.clock
    assert [node.freed for node in measured.nodes] == [(0, 0), (500, 0)]


def test_a_full_ring_makes_the_producer_wait():
    slow = {"pattern": "consume", "of": "p", "think": "2 us"}
    measured = run(
        "two-socket",
        {"name": "p", "cpus": "first 1", "steps": [{"pattern": "produce", "kmalloc": 64, "count": 300, "ring": 4}]},
        {"name": "c", "cpus": "last 1", "steps": [slow]},
    )
    check(measured)
    assert measured.cpus[0].causes["wait"] > 0.8 * measured.cpus[1].causes["work"]


def test_packets_arrive_in_interrupts_and_a_full_ring_drops_them():
    nic = {"name": "nic", "cpu": 0, "every": "1 us", "interrupts": 500, "kmalloc": 256, "ring": 8}
    slow = {"name": "c", "cpus": "last 1", "steps": [{"pattern": "consume", "of": "nic", "think": "4 us"}]}
    measured = run("one-node", slow, devices=[nic])
    check(measured)
    row = next(row for row in measured.interrupts if row.vector == "nic")
    assert 400 < row.delivered <= 500  # what arrives during a poll is taken along without an interrupt of its own
    assert measured.events["packets_dropped"] > 200
    assert measured.events["frees_skipped"] == measured.events["packets_dropped"]
    assert measured.conservation["allocated"] == 500 - measured.events["packets_dropped"]


def test_packets_dropped_before_the_region_are_none_of_its_events():
    nic = {"name": "nic", "cpu": 0, "every": "1 us", "interrupts": 500, "kmalloc": 256, "ring": 8}
    drain = [{"pattern": "consume", "of": "nic", "think": "4 us"}, {"pattern": "barrier", "begin_region": True}]
    after = {"pattern": "alloc_free", "kmalloc": 64, "operations": 10}
    measured = run("one-node", {"name": "c", "cpus": "last 1", "steps": [*drain, after]}, devices=[nic])
    assert (measured.events["packets_dropped"], measured.events["frees_skipped"]) == (0, 0)
    assert measured.conservation["allocated"] < 500  # they were dropped all the same


def test_an_interrupt_inside_an_operation_is_one_cause_of_it():
    nic = {"name": "nic", "cpu": 0, "every": "1 us", "interrupts": 2000, "kmalloc": 256, "ring": 4000}
    measured = run(
        "one-node",
        {"name": "busy", "cpus": "first 1", "steps": [CHURN | {"operations": 40000}]},
        {"name": "c", "cpus": "last 1", "steps": [{"pattern": "consume", "of": "nic"}]},
        devices=[nic],
    )
    check(measured)
    assert sum(row.causes.get("irq_handler", 0) for row in measured.attribution) > 0


def test_a_device_alone_on_its_cpu_is_served():
    nic = {"name": "nic", "cpu": "first 1", "every": "3 us", "interrupts": 50, "caches": ["skbuff_head_cache"]}
    measured = run(
        "one-node", {"name": "c", "cpus": "last 1", "steps": [{"pattern": "consume", "of": "nic"}]}, devices=[nic]
    )
    check(measured)
    assert measured.conservation["freed"] == 50


def test_a_trace_takes_its_recorded_time():
    workload = load_workload("untar-rm", ["trace.timing=recorded", "scale=0.05", "trace.warm_up=0"])
    measured = run_workload(load_machine("one-node"), workload)
    check(measured)
    asap = run_workload(load_machine("one-node"), load_workload("untar-rm", ["scale=0.05", "trace.warm_up=0"]))
    assert measured.cycles > 5 * asap.cycles
    assert measured.trace.replayed == asap.trace.replayed


def test_tunables_take_effect():
    small = {"kmalloc-64": {"limit": 4, "batchcount": 2, "shared": 0}}
    measured = run("one-node", GROUP | {"steps": [CHURN]}, tunables=small)
    line = next(row for row in measured.slabinfo.splitlines() if row.startswith("kmalloc-64 "))
    assert "tunables    4    2    0" in line
    paths = {row.path for row in measured.attribution}
    assert {"refill_slabs", "flush_slabs"} <= paths


def test_packets_dropped_hardly_depend_on_the_quantum():
    dropped = [
        run_workload(
            load_machine("two-socket"),
            load_workload("network-receive", ["scale=0.05", "devices.nic.ring=8"]),
            quantum=q,
        ).events["packets_dropped"]
        for q in (0, 10_000)
    ]
    assert max(dropped) <= 1.05 * min(dropped) + 2


@pytest.mark.skipif(not COMPILED, reason="4 x 2 runs of 93,000 operations; plain Python gives the same bytes")
@pytest.mark.parametrize("allocator", ["slab", "slub"])
@pytest.mark.parametrize("of", [{"kmalloc": 256}, {"cache": "c"}])
def test_times_of_a_slab_that_all_cpus_free_into_hardly_depend_on_the_quantum(allocator, of):
    """Over seeds and enough operations: how long it takes until all wait for one line differs by chance."""
    think = {"think": {"exponential": "300 cycles"}}
    produce = {"pattern": "produce", **of, "count": 3000, "ring": 1, **think}
    threads = [
        {"name": "one", "cpus": "first 1", "steps": [produce]},
        {"name": "others", "cpus": "rest", "steps": [{"pattern": "consume", "of": "one", "touch": 1, **think}]},
    ]
    kernel = {"allocator": allocator}
    workload = Workload.model_validate({"threads": threads, "kernel": kernel, "caches": {"c": {"size": 256}}})
    means = []
    for quantum in (0, 10_000):
        runs = [run_workload(load_machine("two-socket"), workload, quantum=quantum, seed=seed) for seed in range(1, 5)]
        rows = [merge_rows(found.latency) for found in runs]
        means.append(sum(row.total / row.count for row in rows))
    assert max(means) <= 1.05 * min(means)


def test_touching_ends_with_the_object():
    def touching(size):
        step = {"pattern": "alloc_free", "cache": "small", "operations": 40, "touch": size}
        return run("one-node", {"name": "a", "cpus": 0, "steps": [step]}, caches={"small": {"size": 128}})

    assert touching(1 << 22) == touching(128) != touching(64)

"""Turning a workload description into operation streams for the CPUs of one machine.

Every thread's step draws from a random stream of its own name, so another thread or CPU does not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np

from simslab.base.errors import BadValue, BadValues
from simslab.kernel.mm.gfp import parse_gfp
from simslab.workload.description import patterns
from simslab.workload.description.placement import CpuPlaces, named_cpus, select_cpus
from simslab.workload.description.quantities import Objects
from simslab.workload.description.spec import Device, ThreadGroup, Workload
from simslab.workload.streams import local_streams, operations, shared_streams
from simslab.workload.streams.asked import asks
from simslab.workload.streams.lifetimes import lifetimes
from simslab.workload.streams.making import Group, Handover, Making
from simslab.workload.streams.pieces import PIECE, Chain, Whole
from simslab.workload.streams.program import DeviceProgram, Program, Stream, ThreadProgram

Generator = Callable[[Making, Group, Any, int], list[Stream]]

_PLANS: Final[dict[type, Callable[[Making, Group, Any, int], None]]] = {
    patterns.AllocObjects: local_streams.plan_alloc,
    patterns.Produce: shared_streams.plan_produce,
}
_GENERATORS: Final[dict[type, Generator]] = {
    patterns.AllocFree: local_streams.alloc_free,
    patterns.AllocObjects: local_streams.alloc,
    patterns.FreeObjects: local_streams.free,
    patterns.Bulk: local_streams.bulk,
    patterns.WorkStep: local_streams.work,
    patterns.Shrink: local_streams.shrink,
    patterns.Lifetimes: lifetimes,
    patterns.Produce: shared_streams.produce,
    patterns.Consume: shared_streams.consume,
    patterns.Bleed: shared_streams.bleed,
}


def generate(workload: Workload, places: CpuPlaces, frequency_hz: int, seed: int, piece: int = PIECE) -> Program:
    """Return the streams of all threads and devices; BadValues with the places of what this machine cannot do.

    Streams are made in pieces of about `piece` words, while they are read.
    """
    making = Making(places, frequency_hz, seed, workload.scale, piece=piece)
    making.groups = _place(workload, places)
    steps = [(spec.name, step) for spec in workload.threads for step in spec.steps]
    making.consumers = {step.of: name for name, step in steps if isinstance(step, patterns.Consume)}
    for index, device in enumerate(workload.devices):
        with _located("devices", index):
            _plan_device(making, device)
    for index, spec in enumerate(workload.threads):
        for number, step in enumerate(spec.steps):
            if plan := _PLANS.get(type(step)):
                with _located("threads", index, "steps", number):
                    plan(making, making.groups[spec.name], step, number)
    barriers = _global_barriers(workload, making)
    for index, spec in enumerate(workload.threads):
        _make_group(making, spec, index, barriers)
    return making.program


def check_operations(workload: Workload) -> None:
    """BadValue with its place if a workload asks for more operations than run, on whatever machine.

    Each group has at least the threads that it names by number, or one.
    """
    making = Making(CpuPlaces((0,), 1), 1, workload.seed, workload.scale)
    for index, device in enumerate(workload.devices):
        with _located("devices", index):
            making.asked(device)
    for index, spec in enumerate(workload.threads):
        threads = len(named_cpus(spec.cpus)) or 1
        for number, step in enumerate(spec.steps):
            if asks(step):
                with _located("threads", index, "steps", number):
                    making.asked(step, threads)


def _place(workload: Workload, places: CpuPlaces) -> dict[str, Group]:
    """Choose each group's CPUs; those that ask for the rest come last."""
    groups: dict[str, Group] = {}
    owner: dict[int, str] = {}
    faults: list[BadValue] = []
    for index, spec in sorted(enumerate(workload.threads), key=lambda item: item[1].cpus == "rest"):
        at = ("threads", index, "cpus")
        try:
            cpus = select_cpus(spec.cpus, places, list(owner))
        except BadValue as fault:
            faults.append(BadValue(fault.message, expected=fault.expected, near=fault.near, at=at))
            continue
        for cpu in cpus:
            if cpu in owner:
                told = f"CPU {cpu} already runs a thread of '{owner[cpu]}'"
                faults.append(BadValue(told, expected="a CPU for each thread, or a machine with more CPUs", at=at))
                break
            owner[cpu] = spec.name
        groups[spec.name] = Group(spec.name, cpus)
    if faults:
        raise BadValues(faults)
    return groups


@contextmanager
def _located(*at: str | int) -> Iterator[None]:
    """Tell the place in the workload of a fault found in this block."""
    try:
        yield
    except BadValue as fault:
        raise BadValue(fault.message, expected=fault.expected, near=fault.near, at=(*at, *fault.at)) from None


def _global_barriers(workload: Workload, making: Making) -> list[int]:
    """Return the numbers of the barriers at which all threads meet."""
    everyone = sum(group.size for group in making.groups.values())
    steps = workload.threads[0].steps
    return [making.program.barrier(everyone) for step in steps if isinstance(step, patterns.BarrierStep)]


def _make_group(making: Making, spec: ThreadGroup, index: int, barriers: list[int]) -> None:
    group = making.groups[spec.name]
    parts: list[list[Stream]] = [[] for _ in group.cpus]
    left = iter(barriers)
    for number, step in enumerate(spec.steps):
        with _located("threads", index, "steps", number):
            streams = _step(making, group, step, number, left)
        mark = making.program.words(
            making.program.kinds.number(operations.Kind(operations.PHASE)),
            making.program.phase(f"{group.name} {number + 1} {step.pattern}"),
        )
        randoms = [making.random(group.name, thread, number, "think") for thread in range(group.size)]
        for thread, stream in enumerate(making.think_times.drawn(streams, randoms, making.piece)):
            parts[thread] += [Whole(mark), stream]
    for thread, cpu in enumerate(group.cpus):
        making.program.threads.append(ThreadProgram(f"{group.name}/{thread}", cpu, Chain(parts[thread])))


def _step(making: Making, group: Group, step: Any, number: int, barriers: Any) -> list[Stream]:
    if not isinstance(step, patterns.BarrierStep):
        return _GENERATORS[type(step)](making, group, step, number)
    opcode = operations.BEGIN_REGION if step.begin_region else operations.BARRIER
    making.program.begins_region |= step.begin_region
    word = making.program.words(making.program.kinds.number(operations.Kind(opcode)), next(barriers))
    return [Whole(word)] * group.size


def _plan_device(making: Making, device: Device) -> None:
    """Draw a device's arrivals and the kinds of its packets' objects, and give these their slots."""
    program, random = making.program, making.random("device", device.name)
    interrupts = making.asked(device)
    every = max(1, device.every.cycles(making.frequency_hz))
    gaps = random.exponential(every, size=interrupts) if device.arrivals == "poisson" else np.full(interrupts, every)
    packets = interrupts * device.burst
    flags = parse_gfp(device.gfp)
    columns = [
        np.full(packets, program.kinds.number(operations.Kind(operations.ALLOC, cache, gfp=flags, touch=device.touch)))
        for cache in map(program.cache, device.caches)
    ]
    ways = [(operations.FREE, program.cache(name)) for name in device.caches]
    if device.kmalloc is not None:
        payload = Objects(kmalloc=device.kmalloc, gfp=device.gfp, touch=device.touch)
        columns.append(making.alloc_kinds(payload, packets, random).reader()(packets))
        ways.append((operations.KFREE, -1))
    first = program.slots.take(packets * len(columns), used_once=True)
    kinds = np.stack(columns, axis=1).astype(np.int64).ravel()
    arrivals = np.cumsum(np.maximum(gaps, 1.0)).astype(np.int64)
    cpu = _device_cpu(making, device)
    program.devices.append(
        DeviceProgram(device.name, cpu, arrivals, device.burst, kinds, len(columns), first, device.ring)
    )
    making.handovers[device.name] = [Handover(packets * len(ways), partial(np.add, first), tuple(ways))]


def _device_cpu(making: Making, device: Device) -> int:
    return select_cpus(device.cpu, making.places)[0]

"""The workload description: what a workload YAML file may say, checked by pydantic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from simslab.base.errors import BadValue, BadValues, near_miss
from simslab.base.units import Size, parse_duration
from simslab.kernel.mm.gfp import DIRECT_RECLAIM, parse_gfp
from simslab.workload.description.heap import FRESH, Heap, HeapAge
from simslab.workload.description.kernel_options import (
    CgroupSpec,
    CpusetSpec,
    FailSlabSpec,
    KernelOptions,
    MemPolicySpec,
)
from simslab.workload.description.patterns import AllocObjects, BarrierStep, Consume, FreeObjects, Produce, Step
from simslab.workload.description.placement import named_cpus, no_flag
from simslab.workload.description.quantities import (
    CacheName,
    Distribution,
    GfpText,
    Name,
    Positive,
    Probability,
    SlabFlags,
    Strict,
    Time,
    Touch,
    check_sizes,
)
from simslab.workload.description.tunables import Tunables, check_tunables
from simslab.workload.run.faults import Fault

ROOT: Final = "root"  # the cgroup of tasks that are in no other


class CacheSpec(Strict):
    """A cache to create (kmem_cache_create); sizes in bytes."""

    size: Annotated[Size, Field(ge=8, le=1 << 22)]
    align: Annotated[Size, Field(le=4096)] = 0
    flags: SlabFlags = Field(default_factory=list)
    ctor: bool = False


class ThreadGroup(Strict):
    """Threads that all do the same steps, one on each of the CPUs named."""

    name: Name
    cpus: int | str | list[int] = Field(
        description="'all', 'rest', '0-3', [0, 2], 'node1', 'one_per_node', 'first 4', 'last 4' or 'spread 8'"
    )
    steps: Annotated[list[Step], Field(min_length=1)]
    mempolicy: MemPolicySpec | None = None
    cpuset: CpusetSpec = CpusetSpec()
    memalloc: bool = Field(default=False, description="the tasks may use the page reserves (PF_MEMALLOC)")
    cgroup: str | None = Field(default=None, description="of `cgroups`; by default the root's, which nobody is charged")

    @model_validator(mode="after")
    def _policy_within_cpuset(self) -> ThreadGroup:
        wanted, mems = self.mempolicy.nodes if self.mempolicy else "all", self.cpuset.mems
        if wanted != "all" and mems != "all" and not set(wanted) & set(mems):
            told = "no node of the policy is in the cpuset"
            raise BadValue(told, expected="a node of 'cpuset: mems'", at=("mempolicy", "nodes"))
        return self

    @field_validator("cpus", mode="before")
    @classmethod
    def _no_flag(cls, value: object) -> object:
        return no_flag(value)

    @field_validator("cpus")
    @classmethod
    def _no_cpu_twice(cls, value: int | str | list[int]) -> int | str | list[int]:
        if isinstance(value, list):
            for i, cpu in enumerate(value):
                if cpu in value[:i]:
                    raise BadValue(f"CPU {cpu} is listed twice", expected="each CPU once", at=(i,))
        named_cpus(value)
        return value


class Device(Strict):
    """A device that interrupts one CPU; its handler allocates objects, and the threads of `to` free them.

    When `ring` objects wait, the next are dropped, as a full receive queue does.
    """

    name: Name
    cpu: int | str = Field("first 1", description="the CPU interrupted; a thread may run there too")
    every: Time = Field(description="mean time between interrupts")
    arrivals: Literal["poisson", "regular"] = "poisson"
    interrupts: Positive
    burst: Annotated[int, Field(ge=1, le=4096)] = Field(1, description="packets per interrupt")
    caches: Annotated[list[str], Field(max_length=8)] = Field([], description="one object of each per packet")
    kmalloc: Distribution | None = Field(None, description="and one of so many bytes")
    gfp: GfpText = "GFP_ATOMIC"
    touch: Touch = 0
    ring: Annotated[int, Field(ge=1, le=1 << 20)] = 256

    @field_validator("cpu", mode="before")
    @classmethod
    def _no_flag(cls, value: object) -> object:
        return no_flag(value)

    @field_validator("cpu")
    @classmethod
    def _a_cpu(cls, value: int | str) -> int | str:
        named_cpus(value)
        return value

    @field_validator("gfp")
    @classmethod
    def _never_sleeps(cls, value: str) -> str:
        if parse_gfp(value) & DIRECT_RECLAIM:
            raise BadValue(f"{value} may sleep, an interrupt handler must not", expected="GFP_ATOMIC or GFP_NOWAIT")
        return value

    @model_validator(mode="after")
    def _allocates(self) -> Device:
        if not self.caches and self.kmalloc is None:
            raise BadValue("the device allocates nothing", expected="'caches' or 'kmalloc'")
        if self.kmalloc is not None:
            check_sizes(self.kmalloc)
        return self


class TraceReplay(Strict):
    """A recorded kmem trace to replay."""

    file: Path
    then: Annotated[list[Path], Field(max_length=63)] = Field(
        default_factory=list, description="further traces, each begun when the one before has ended; each is a phase"
    )
    phases: dict[str, Probability] = Field(
        default_factory=dict,
        description="parts of one trace, told apart in the summary: name -> share of the events at which it begins, the"
        " first at 0; all CPUs wait for each other there",
        examples=[{"untar": 0, "rm": 0.6}],
    )
    cpus: Literal["recorded", "modulo", "spread", "tasks"] = Field(
        "spread",
        description="recorded: recorded CPU n on CPU n; modulo: on CPU n mod the machine's; spread: recorded CPUs"
        " evenly over the machine; tasks: each recorded task on the next CPU (idle tasks by CPU)",
    )
    timing: Literal["asap", "recorded"] = "asap"
    warm_up: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of the events that run before recording starts"
    )
    vary: Literal["none", "start", "placement"] = Field(
        "none",
        description="what the seed draws, as the recording itself draws nothing: start: each CPU begins up to "
        "`start_within` later; placement: which CPU takes which recorded CPU's (or task's) events",
    )
    cgroup: str | None = Field(default=None, description="of `cgroups`, for all tasks; by default the root's")
    start_within: Time = Field(parse_duration("10 us"), description="the longest delay that `vary: start` draws")

    @property
    def files(self) -> tuple[Path, ...]:
        """All traces in the order of their replay."""
        return (self.file, *self.then)

    @model_validator(mode="after")
    def _phases_in_order(self) -> TraceReplay:
        begins = list(self.phases.values())
        if self.phases and self.then:
            raise BadValue("several traces are phases already", expected="'phases' of one trace", at=("phases",))
        if begins and (begins[0] != 0 or any(late <= early for early, late in pairwise(begins))):
            raise BadValue(
                f"phases begin at {', '.join(f'{begin:g}' for begin in begins)}",
                expected="the first at 0, each later than the one before",
                at=("phases",),
            )
        return self


class Workload(Strict):
    """A workload file."""

    name: str = ""

    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 1
    scale: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = Field(
        1.0,
        description="multiplies every number of operations; not of live objects, which weigh more in a short run. Of a"
        " trace the first part, at most 1",
    )
    kernel: KernelOptions = KernelOptions()
    heap: Heap = Field(
        default=HeapAge(), description="age of the heap: `fresh`, `aged` or `fragmented`, or with more of its keys"
    )
    failslab: FailSlabSpec | None = None
    caches: dict[CacheName, CacheSpec] = Field(default_factory=dict)
    cgroups: Annotated[dict[Name, CgroupSpec], Field(max_length=64)] = Field(
        default_factory=dict, description="memory cgroups that threads may be in, with `kernel: {memcg: true}`"
    )
    tunables: dict[str, Tunables] = Field(
        default_factory=dict, description="by cache name; set before the threads start"
    )
    threads: list[ThreadGroup] = Field(default_factory=list)
    devices: list[Device] = Field(default_factory=list)
    trace: TraceReplay | None = None
    faults: Annotated[list[Fault], Field(max_length=64)] = Field(
        default_factory=list, description="mistakes for a debug kernel to find"
    )

    @property
    def draws_from_seed(self) -> bool:
        """Whether another seed can give another run: what a trace replays is recorded, but the kernel may draw."""
        chances = [fault.rate for fault in self.faults if fault.rate is not None]
        if self.failslab is not None:
            chances.append(self.failslab.probability / 100)
        drawn = self.trace is None or self.trace.vary != "none" or self.kernel.freelist_random
        return drawn or self.heap.age != FRESH or any(0 < chance < 1 for chance in chances)

    @model_validator(mode="after")
    def _tunables_of_the_allocator(self) -> Workload:
        check_tunables(self.tunables, self.kernel.allocator)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Workload:
        checks = (
            _trace_or_threads,
            _unique_names,
            _shared_cpus,
            _references,
            _kept_objects,
            _barriers,
            _faults,
            _cgroups,
        )
        faults = [fault for check in checks for fault in check(self)]
        if faults:
            raise BadValues(faults)
        return self


def _trace_or_threads(workload: Workload) -> list[BadValue]:
    if workload.trace is None and not workload.threads:
        return [BadValue("the workload does nothing", expected="either 'threads' or 'trace'")]
    if workload.trace is not None and (workload.threads or workload.devices):
        return [BadValue("a trace and threads or devices are given", expected="either 'threads' or 'trace'")]
    if workload.trace is not None and workload.scale > 1:
        told = f"there is no more of a recording than all of it, scale {workload.scale:g} asks for more"
        return [BadValue(told, expected="at most 1, or the trace again in 'then'", at=("scale",))]
    return []


def _unique_names(workload: Workload) -> list[BadValue]:
    faults: list[BadValue] = []
    seen: set[str] = set()
    named = [(g.name, ("threads", i, "name")) for i, g in enumerate(workload.threads)]
    named += [(d.name, ("devices", i, "name")) for i, d in enumerate(workload.devices)]
    for name, at in named:
        if name in seen:
            faults.append(BadValue(f"the name '{name}' is used twice", expected="a name of its own", at=at))
        seen.add(name)
    return faults


def _shared_cpus(workload: Workload) -> list[BadValue]:
    """CPUs that two groups name by number; what depends on the machine is told when there is one."""
    faults: list[BadValue] = []
    owner: dict[int, str] = {}
    for i, group in enumerate(workload.threads):
        named = named_cpus(group.cpus)
        if taken := [cpu for cpu in named if cpu in owner]:
            told = f"CPU {taken[0]} already runs a thread of '{owner[taken[0]]}'"
            faults.append(BadValue(told, expected="a CPU for each thread", at=("threads", i, "cpus")))
        owner.update(dict.fromkeys(named, group.name))
    return faults


def _kept_objects(workload: Workload) -> list[BadValue]:
    """Every `free` step must find an `alloc` step, its own group's before it; bulk calls take a cache."""
    faults: list[BadValue] = []
    groups = {group.name: group for group in workload.threads}
    for i, j, step in [(i, j, step) for i, group in enumerate(workload.threads) for j, step in enumerate(group.steps)]:
        at = ("threads", i, "steps", j)
        if isinstance(step, AllocObjects) and step.bulk > 1 and step.cache is None:
            expected = "'cache' instead of 'kmalloc'"
            faults.append(BadValue("bulk calls take a cache", expected=expected, at=(*at, "bulk")))
        if not isinstance(step, FreeObjects):
            continue
        source = groups.get(step.of or workload.threads[i].name)
        if source is None:
            continue
        kept = _kept(source.steps[:j] if source is workload.threads[i] else source.steps, step)
        if not kept:
            told = f"no 'alloc' step of '{source.name}' keeps '{step.name}' for this step"
            expected = "an earlier 'alloc' step with that name"
            faults.append(BadValue(told, expected=expected, at=(*at, "name")))
        elif step.bulk > 1 and any(each.cache is None for each in kept):
            told = f"bulk calls free objects of a cache, '{step.name}' are from kmalloc"
            faults.append(BadValue(told, expected="no 'bulk', or 'cache' where they are allocated", at=(*at, "bulk")))
    return faults


def _kept(steps: Sequence[Step], wanted: FreeObjects) -> list[AllocObjects]:
    return [step for step in steps if isinstance(step, AllocObjects) and step.name == wanted.name]


def _references(workload: Workload) -> list[BadValue]:
    """Every group or device that a step takes objects from must exist and produce, for one group of consumers."""
    faults: list[BadValue] = []
    groups = {group.name for group in workload.threads}
    steps = [(i, j, step) for i, group in enumerate(workload.threads) for j, step in enumerate(group.steps)]
    sources: dict[str, tuple[str | int, ...]] = {d.name: ("devices", i) for i, d in enumerate(workload.devices)}
    for i, j, step in steps:
        if isinstance(step, Produce):
            name, here = workload.threads[i].name, ("threads", i, "steps", j)
            if name in sources:
                faults.append(BadValue(f"'{name}' produces twice", expected="one 'produce' step in a group", at=here))
            sources[name] = here
    consumed: set[str] = set()
    for i, j, step in steps:
        at = ("threads", i, "steps", j, "of")
        if isinstance(step, FreeObjects) and step.of is not None and step.of not in groups:
            faults.append(_unknown(step.of, "the name of threads", groups, at))
        if isinstance(step, Consume):
            if step.of not in sources:
                faults.append(_unknown(step.of, "a device, or threads with a 'produce' step", set(sources), at))
            elif step.of in consumed or step.of == workload.threads[i].name:
                faults.append(
                    BadValue(f"what '{step.of}' produces cannot be consumed here", expected="one consumer", at=at)
                )
            consumed.add(step.of)
    for name in [name for name in sources if name not in consumed]:
        faults.append(
            BadValue(f"nobody consumes what '{name}' produces", expected="a 'consume' step", at=sources[name])
        )
    return faults


def _faults(workload: Workload) -> list[BadValue]:
    kernel = workload.kernel
    if workload.faults and not kernel.debugs_objects:
        told = "objects have bytes to be overwritten in debug kernels only"
        with_slub = "with SLUB 'kernel: {slub_debug: FZPU}' without 'no_slub_debug'"
        return [BadValue(told, expected=f"kernel: {{debug_slab: true}}, {with_slub}", at=("faults",))]
    twice = [i for i, fault in enumerate(workload.faults) if fault.kind == "double_free"]
    if twice and not kernel.checks_frees:
        told = "a kernel that does not look for an object freed twice would go round in circles"
        return [BadValue(told, expected="the letter F in 'slub_debug'", at=("faults", twice[0], "kind"))]
    return []


def _cgroups(workload: Workload) -> list[BadValue]:
    """Cgroups need a kernel that knows them; whoever is in one must name one of the file's."""
    if workload.cgroups and not workload.kernel.memcg:
        told = "the kernel has no memory cgroups"
        return [BadValue(told, expected="'kernel: {memcg: true}', or no 'cgroups'", at=("cgroups",))]
    if ROOT in workload.cgroups:
        told = f"the '{ROOT}' cgroup is there already, has no limit and is charged for nothing"
        return [BadValue(told, expected="another name", at=("cgroups", ROOT))]
    wanted: list[tuple[str | None, tuple[str | int, ...]]] = [
        (group.cgroup, ("threads", i, "cgroup")) for i, group in enumerate(workload.threads)
    ]
    if workload.trace is not None:
        wanted.append((workload.trace.cgroup, ("trace", "cgroup")))
    known = {*workload.cgroups, ROOT}
    return [
        _unknown(name, "the name of one of 'cgroups'", known, at)
        for name, at in wanted
        if name is not None and name not in known
    ]


def _unknown(name: str, expected: str, known: set[str], at: tuple[str | int, ...]) -> BadValue:
    return BadValue(f"'{name}' is unknown", expected=expected, near=near_miss(name, known), at=at)


def _barriers(workload: Workload) -> list[BadValue]:
    """Barriers join all threads, so every group must have as many, and `begin_region` in the same place."""
    rows = [[s.begin_region for s in g.steps if isinstance(s, BarrierStep)] for g in workload.threads]
    faults: list[BadValue] = []
    for i, row in enumerate(rows):
        if row != rows[0]:
            told = f"threads '{workload.threads[i].name}' and '{workload.threads[0].name}' meet at different barriers"
            faults.append(BadValue(told, expected="the same barrier steps in every group", at=("threads", i, "steps")))
    if rows and sum(rows[0]) > 1:
        faults.append(BadValue("recording begins more than once", expected="one 'begin_region'", at=("threads", 0)))
    return faults

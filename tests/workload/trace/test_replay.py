from pathlib import Path

import numpy as np
import pytest

from simslab.base.errors import BadValue
from simslab.base.shipped import shipped_folder
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import TraceReplay
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import unpack
from simslab.workload.trace.kmem_trace import read_kmem_trace
from simslab.workload.trace.pairing import NEVER_FREED, REUSED, pair
from simslab.workload.trace.replay import events_by_word, replay

GHZ = 1_000_000_000


@pytest.fixture(scope="module")
def untar():
    return pair(read_kmem_trace(shipped_folder("workloads") / "untar-rm.txt.gz"))


def made(paired, scale=1.0, nodes=(0, 0, 1, 1), **spec):
    return replay([paired], TraceReplay(file=Path("x"), **spec), CpuPlaces(nodes, max(nodes) + 1), GHZ, scale)


@pytest.mark.parametrize(("cpus", "used"), [("modulo", [0, 1]), ("spread", [0, 2]), ("tasks", [0, 1, 2, 3])])
def test_recorded_cpus_or_tasks_are_mapped_onto_the_machine(untar, cpus, used):
    threads = made(untar, cpus=cpus).program.threads
    assert [thread.cpu for thread in threads] == used
    assert sum(len(thread.words) for thread in threads) == len(untar.event)


def test_one_cpu_replays_everything_in_file_order(untar):
    words = made(untar, nodes=(0,)).program.threads[0].words
    assert np.array_equal(unpack(words)[1], untar.slot)


def test_operations_carry_size_flags_and_cache(untar):
    result = made(untar, nodes=(0,))
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    used = rows[unpack(result.program.threads[0].words)[0]]
    trace = untar.trace
    sizes = np.where(trace.kind[untar.event] == 2, trace.bytes_req[untar.event], 0)
    assert np.array_equal(used[:, ops.SIZE], sizes)
    assert set(used[:, ops.OPCODE]) == {ops.ALLOC, ops.FREE, ops.KMALLOC, ops.KFREE}
    names = [cache.name for cache in result.caches]
    assert list(result.program.caches) == names
    assert "filp" in names


def test_recorded_times_become_cycles_from_the_start(untar):
    result = made(untar, nodes=(0,), timing="recorded")
    times = result.program.threads[0].times
    span = int(untar.trace.time[untar.event].max() - untar.trace.time[untar.event].min())
    assert times[0] == 0
    assert times[-1] == span * GHZ // 10**9


def test_a_scale_below_one_replays_the_first_part(untar):
    result = made(untar, scale=0.1)
    assert result.summary.replayed == round(len(untar.event) * 0.1)
    assert result.summary.skipped["beyond the share asked for (scale)"] == len(untar.event) - result.summary.replayed


@pytest.mark.parametrize("how", [{}, {"warm_up": 0.3}, {"vary": "start"}, {"cpus": "tasks", "vary": "placement"}])
@pytest.mark.parametrize("timing", ["asap", "recorded"])
def test_every_word_of_an_event_is_known_by_the_event(untar, how, timing):
    spec = TraceReplay(file=Path("x"), timing=timing, **how)
    places = CpuPlaces((0, 0, 1, 1), 2)
    program = replay([untar], spec, places, GHZ, 0.1, 7).program
    known = events_by_word([untar], spec, places, 0.1, 7)
    assert set(known) == {thread.cpu for thread in program.threads}
    slot_of = dict(zip(untar.event.tolist(), untar.slot.tolist(), strict=True))
    rows = program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    for thread in program.threads:
        kinds, slots = unpack(thread.words)
        assert len(kinds) == len(known[thread.cpu])
        for kind, slot, event in zip(kinds.tolist(), slots.tolist(), known[thread.cpu].tolist(), strict=True):
            if event < 0:
                assert rows[kind][ops.OPCODE] in (ops.WORK, ops.BEGIN_REGION)
            else:
                assert slot == slot_of[event]


def test_warm_up_ends_at_a_barrier_of_all_threads(untar):
    result = made(untar, warm_up=0.5)
    assert result.program.begins_region
    assert result.program.parties == [2]
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    for thread in result.program.threads:
        assert (rows[unpack(thread.words)[0]][:, ops.OPCODE] == ops.BEGIN_REGION).sum() == 1


EVENT = "t-1 [000] ..... 1.{time:06}: {event}: call_site=a ptr={ptr:x}"
ASKS = " bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL node={node} accounted=false"


def of_events(tmp_path, *events):
    path = tmp_path / "trace.txt"
    path.write_text("\n".join(events))
    return pair(read_kmem_trace(path))


def kmalloc(time, ptr, node):
    return EVENT.format(time=time, event="kmalloc", ptr=ptr) + ASKS.format(node=node)


def test_a_node_that_the_machine_has_not_got_becomes_any_and_is_told(tmp_path):
    result = made(of_events(tmp_path, *(kmalloc(i, i + 32, node) for i, node in enumerate([0, 1, 2, 9, -1, -7]))))
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    words = np.concatenate([thread.words for thread in result.program.threads])
    assert rows[unpack(words)[0]][:, ops.NODE].tolist() == [0, 1, -1, -1, -1, -1]
    assert result.summary.skipped["for a node this machine has not got (from any node, not skipped)"] == 2


def test_the_idle_tasks_of_different_cpus_are_different_tasks(tmp_path):
    where = ["<idle>-0 [002]", "<idle>-0 [000]", "t-9 [000]", "<idle>-0 [002]", "t-9 [002]"]
    events = [kmalloc(i, 32 + i, -1).replace("t-1 [000]", place) for i, place in enumerate(where)]
    threads = made(of_events(tmp_path, *events), cpus="tasks").program.threads
    assert sorted(len(thread.words) for thread in threads) == [1, 2, 2]


def test_time_stamps_that_run_backwards_are_told(tmp_path):
    events = [kmalloc(5, 32, -1), EVENT.format(time=1, event="kfree", ptr=32), kmalloc(6, 64, -1)]
    result = made(of_events(tmp_path, *events))
    assert result.summary.skipped["earlier than the event before (in file order, not skipped)"] == 1


def test_a_pointer_allocated_again_is_told_apart_from_what_is_never_freed(tmp_path):
    skipped = made(of_events(tmp_path, *(kmalloc(i, 32, -1) for i in range(3)))).summary.skipped
    assert (skipped[NEVER_FREED], skipped[REUSED]) == (1, 2)


def test_what_is_never_freed_is_told_of_the_part_that_is_replayed(untar):
    result = made(untar, scale=0.05)
    kinds, _ = unpack(np.concatenate([thread.words for thread in result.program.threads]))
    codes = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)[kinds, ops.OPCODE]
    allocated = int(np.isin(codes, (ops.ALLOC, ops.KMALLOC)).sum())
    left = result.summary.skipped[NEVER_FREED] + result.summary.skipped.get(REUSED, 0)
    assert left == allocated - (result.summary.replayed - allocated)


def test_a_trace_in_order_is_told_nothing_of_order_and_nodes(untar):
    assert not any(what.startswith(("for a node", "earlier")) for what in made(untar).summary.skipped)


FAR = "t-1 [000] ..... {time}: kmalloc: call_site=a ptr={ptr:x}" + ASKS.format(node=-1)


def test_a_recording_longer_than_can_be_simulated_is_refused(tmp_path):
    paired = of_events(tmp_path, FAR.format(time="1.0", ptr=32), FAR.format(time="4000000000.0", ptr=64), "")
    with pytest.raises(BadValue, match="the recording lasts 3999999999 s"):
        made(paired, timing="recorded")
    assert made(paired, timing="asap").summary.replayed == 2
    assert made(paired, timing="recorded", scale=0.5).summary.replayed == 1


def test_counts_are_no_times(tmp_path):
    paired = of_events(tmp_path, FAR.format(time="1", ptr=32), FAR.format(time="17", ptr=64), "")
    with pytest.raises(BadValue, match="counts no nanoseconds"):
        made(paired, timing="recorded")
    assert made(paired, timing="asap").summary.replayed == 2


FREE = " t-1 [000] ..... 1.000009: {event}: call_site=a ptr=20\n"
ALLOC = " t-1 [000] ..... 1.000001: {event}: call_site=a ptr=20 bytes_req=100 bytes_alloc=104 gfp_flags=GFP_KERNEL\n"


@pytest.mark.parametrize(
    ("allocated", "freed", "opcodes"),
    [
        ("kmem_cache_alloc", "kmem_cache_free", [ops.ALLOC, ops.FREE]),
        ("kmem_cache_alloc", "kfree", [ops.ALLOC, ops.KFREE]),
        ("kmalloc", "kmem_cache_free", [ops.KMALLOC, ops.KFREE]),
        ("kmalloc", "kfree", [ops.KMALLOC, ops.KFREE]),
    ],
)
def test_an_object_is_freed_as_its_allocation_requires(tmp_path, allocated, freed, opcodes):
    result = made(of_events(tmp_path, ALLOC.format(event=allocated) + FREE.format(event=freed)), nodes=(0,))
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    used = rows[unpack(result.program.threads[0].words)[0]]
    assert used[:, ops.OPCODE].tolist() == opcodes
    assert used[:, ops.CACHE].tolist() == [0 if opcode in (ops.ALLOC, ops.FREE) else -1 for opcode in opcodes]


NODE_LINES = """          writer-201     [000] ....   100.000100: kmalloc_node: call_site=load_binary+0x2b/0x80 \
ptr=00000000aa000003 bytes_req=64 bytes_alloc=64 gfp_flags=GFP_KERNEL node=16
          writer-201     [000] ....   100.000120: kmalloc_node: call_site=load_binary+0x2b/0x80 \
ptr=00000000aa000004 bytes_req=64 bytes_alloc=64 gfp_flags=GFP_KERNEL node=2
"""


def test_recorded_nodes_go_by_their_own_numbers(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text(NODE_LINES)
    places = CpuPlaces((0, 1, 2, 3), 4, (0, 1, 16, 17))
    result = replay([pair(read_kmem_trace(trace))], TraceReplay(file=trace), places, GHZ, 1.0)
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    used = rows[unpack(result.program.threads[0].words)[0]]
    assert list(used[:, ops.NODE]) == [2, -1]
    assert result.summary.skipped["for a node this machine has not got (from any node, not skipped)"] == 1


def opcodes_and_sizes(result):
    """(opcode, size) of the operations of a program of one thread."""
    rows = result.program.kinds.rows().reshape(-1, ops.NR_FIELDS)
    used = rows[unpack(result.program.threads[0].words)[0]]
    return [(int(row[ops.OPCODE]), int(row[ops.SIZE])) for row in used]


def cache_alloc(time, ptr, name):
    return EVENT.format(time=time, event="kmem_cache_alloc", ptr=ptr) + f" name={name}" + ASKS.format(node=-1)


def test_what_kmalloc_allocated_is_freed_by_kfree_whichever_function_the_trace_tells(tmp_path):
    freed = EVENT.format(time=2, event="kmem_cache_free", ptr=32) + " name=kmalloc-128"
    result = made(of_events(tmp_path, kmalloc(1, 32, -1), freed), nodes=(0,))
    assert opcodes_and_sizes(result) == [(ops.KMALLOC, 100), (ops.KFREE, 0)]


def test_operations_stay_apart_however_many_caches_there_are(tmp_path):
    """Events of 8,200 caches, and a kmalloc of the same size, flags and node."""
    count = 8200
    events = [cache_alloc(i, 32 * (i + 1), f"c{i}") for i in range(count)]
    result = made(of_events(tmp_path, *events, kmalloc(count, 32 * (count + 1), -1)), nodes=(0,))
    assert opcodes_and_sizes(result) == [(ops.ALLOC, 0)] * count + [(ops.KMALLOC, 100)]
    assert len(set(unpack(result.program.threads[0].words)[0].tolist())) == count + 1


def written(folder, name, lines):
    path = folder / name
    path.write_text("".join(f" c-1 [{cpu:03d}] .... 1.{at:06d}: {event}\n" for cpu, at, event in lines))
    return path


MADE = "kmem_cache_alloc: call_site=f ptr=0000000000000040 bytes_req={0} bytes_alloc={0} gfp_flags=GFP_KERNEL name=mine"
GONE = "kmem_cache_free: call_site=f ptr=0000000000000040 name=mine"


def two_traces(folder):
    first = written(folder, "first.txt", [(0, 0, MADE.format(64)), (1, 5, GONE)])
    second = written(folder, "second.txt", [(0, 0, GONE), (0, 1, MADE.format(128)), (0, 7, GONE)])
    return first, second


def of_both(folder, **more):
    files = two_traces(folder)
    spec = TraceReplay(file=files[0], then=[files[1]], **more)
    return replay([pair(read_kmem_trace(file)) for file in files], spec, CpuPlaces((0, 0), 1), GHZ, 1.0)


def test_traces_follow_one_another_at_a_barrier_and_share_no_object(tmp_path):
    made_of_both = of_both(tmp_path)
    assert made_of_both.program.phases == ["first", "second"]
    assert made_of_both.program.parties == [2]
    threads = {thread.cpu: unpack(thread.words)[1].tolist() for thread in made_of_both.program.threads}
    # phase 0 and object 0; barrier 0, phase 1 and object 1 made and gone; CPU 1 frees object 0 and waits.
    assert threads == {0: [0, 0, 0, 1, 1, 1], 1: [0, 0, 0, 1]}
    assert [(cache.name, cache.size) for cache in made_of_both.caches] == [("mine", 128)]


def test_a_cache_is_accounted_if_it_was_in_any_trace(tmp_path):
    small = MADE.format(64) + " accounted=true"
    files = [written(tmp_path, f"{i}.txt", [(0, 0, text)]) for i, text in enumerate((small, MADE.format(128)))]
    both = [pair(read_kmem_trace(file)) for file in files]
    spec = TraceReplay(file=files[0], then=[files[1]])
    (cache,) = replay(both, spec, CpuPlaces((0, 0), 1), GHZ, 1.0).caches
    assert (cache.size, cache.account) == (128, True)


def test_what_was_left_out_of_any_trace_is_told_of_all(tmp_path):
    summary = of_both(tmp_path).summary
    assert (summary.file, summary.events, summary.replayed) == ("first.txt, second.txt", 5, 4)
    assert summary.skipped == {"free of an object allocated before the recording": 1}


def test_recorded_times_of_a_trace_begin_where_those_of_the_one_before_ended(tmp_path):
    program = of_both(tmp_path, timing="recorded").program
    assert program.threads[0].times.tolist() == [-1, 0, -1, -1, 5_000, 11_000]


def test_recorded_cpus_are_the_machines_own_and_one_that_it_has_not_got_is_refused(tmp_path):
    assert [thread.cpu for thread in of_both(tmp_path, cpus="recorded").program.threads] == [0, 1]
    far = pair(read_kmem_trace(written(tmp_path, "far.txt", [(7, 0, MADE.format(64))])))
    with pytest.raises(BadValue, match=r"far.txt was recorded on CPU 7, the machine has CPUs 0-3"):
        made(far, cpus="recorded")

import gzip
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.workload.trace.kmem_trace import read_kmem_trace
from simslab.workload.trace.pairing import (
    BACKWARDS,
    BEFORE_RECORDING,
    FAILED_ALLOCATION,
    FREE_OF_NULL,
    FREE_OF_ZERO_SIZE,
    FREED_TWICE,
    NEVER_FREED,
    NO_CACHE,
    PUT_IN_ORDER,
    REUSED,
    TOO_LARGE,
    pair,
    read_paired,
)


def line(event, ptr, fields="", at=1):
    return f" task-1 [000] ..... 1.{at:06}: {event}: call_site=x ptr={ptr:08x}{fields}\n"


def alloc(ptr, name=None, req=100, size=104):
    named = f" name={name}" if name else ""
    return line("kmem_cache_alloc", ptr, f"{named} bytes_req={req} bytes_alloc={size} gfp_flags=GFP_KERNEL")


def free(ptr, name=None):
    return line("kmem_cache_free", ptr, f" name={name}" if name else "")


def kmalloc(ptr, size=8, at=1):
    return line("kmalloc", ptr, f" bytes_req={size} bytes_alloc={size} gfp_flags=GFP_KERNEL", at)


def on_cpu(cpu, text):
    return text.replace("[000]", f"[{cpu:03}]")


def paired(tmp_path, *lines):
    path = tmp_path / "t.txt"
    path.write_text("".join(lines))
    return pair(read_kmem_trace(path))


def test_a_pointer_names_a_new_object_after_each_free(tmp_path):
    result = paired(tmp_path, alloc(1), free(1), alloc(1), free(1))
    assert result.slot.tolist() == [0, 0, 1, 1]
    assert (result.nr_slots, result.never_freed, result.skipped) == (2, 0, {})


def test_frees_without_allocation_are_counted_by_reason(tmp_path):
    frees = (free(1), free(1), line("kfree", 0), line("kfree", 16))
    result = paired(tmp_path, free(7), alloc(1), *frees, alloc(0), alloc(2))
    reasons = (BEFORE_RECORDING, FREED_TWICE, FREE_OF_NULL, FREE_OF_ZERO_SIZE, FAILED_ALLOCATION)
    assert result.skipped == dict.fromkeys(reasons, 1)
    assert result.never_freed == 1


def test_an_object_whose_free_was_not_recorded_stays_allocated(tmp_path):
    result = paired(tmp_path, alloc(1), alloc(1), free(1))
    assert result.slot.tolist() == [0, 1, 1]
    assert (result.reused, result.never_freed) == (1, 1)


def test_objects_without_a_free_are_told_apart_by_whether_one_is_missing(tmp_path):
    assert paired(tmp_path, alloc(1), free(1)).still_allocated() == {}
    assert paired(tmp_path, alloc(1), alloc(1), alloc(2)).still_allocated() == {NEVER_FREED: 2, REUSED: 1}


def test_objects_without_a_free_are_those_of_the_part_asked_for(tmp_path):
    lines = [alloc(1), alloc(2), alloc(1), free(2), free(1), alloc(2), alloc(1), free(1), alloc(3)]
    result = paired(tmp_path, *lines)
    assert [result.still_allocated(count) for count in (1, 2, 3, 5, 9)] == [
        {NEVER_FREED: 1},
        {NEVER_FREED: 2},
        {NEVER_FREED: 2, REUSED: 1},
        {REUSED: 1},
        {NEVER_FREED: 2, REUSED: 1},
    ]
    for count in range(1, len(lines)):
        assert paired(tmp_path, *lines[:count]).still_allocated() == result.still_allocated(count)


def test_objects_are_counted_by_cache(tmp_path):
    result = paired(tmp_path, alloc(1, "filp"), kmalloc(2), alloc(3, "filp"), free(3), alloc(3), kmalloc(4))
    assert result.objects() == {"filp": 2, "size-104": 1}
    assert result.objects(2) == {"filp": 1}
    assert paired(tmp_path, kmalloc(2)).objects() == {}


def test_caches_are_named_by_allocation_then_by_free_then_by_stride(tmp_path):
    result = paired(tmp_path, alloc(1, "filp"), alloc(2), alloc(3), free(2, "dentry"), kmalloc(4))
    assert [cache.name for cache in result.caches] == ["filp", "dentry", "size-104"]
    assert result.slot_cache.tolist() == [0, 1, 2, NO_CACHE]


def test_a_stride_of_whole_lines_beyond_the_size_means_alignment(tmp_path):
    caches = paired(tmp_path, alloc(1, "a", 184, 192), alloc(2, "b", 100, 104), alloc(3, "c", 190, 192)).caches
    assert [cache.hwcache_align for cache in caches] == [True, False, False]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
def test_each_slot_is_filled_once_and_then_emptied_at_most_once(tmp_path_factory, program):
    result = paired(tmp_path_factory.mktemp("t"), *(alloc(p) if fill else free(p) for fill, p in program))
    kinds = result.trace.kind[result.event].tolist()
    order = Counter()
    for kind, slot in zip(kinds, result.slot.tolist(), strict=True):
        assert (kind == 0) == (order[slot] == 0)
        order[slot] += 1
        assert order[slot] <= 2
    assert len(result.event) + sum(result.skipped.values()) == len(result.trace)
    assert sum(count == 1 for count in order.values()) == result.never_freed


def test_a_trace_of_frees_only_cannot_be_replayed(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(free(1) + line("kfree", 0))
    with pytest.raises(UserError, match="nothing in the trace can be replayed") as error:
        read_paired(path)
    assert f"1 {FREE_OF_NULL}, 1 {BEFORE_RECORDING}" in str(error.value)


def test_a_pointer_that_was_not_printed_names_no_object(tmp_path):
    hidden = [text.replace("ptr=00000001", "ptr=(____ptrval____)") for text in (alloc(1), alloc(1), free(1))]
    result = paired(tmp_path, *hidden, alloc(1), free(1))
    assert result.slot.tolist() == [0, 1, 2, 2]
    assert (result.never_freed, result.reused, result.skipped) == (2, 0, {BEFORE_RECORDING: 1})


def test_more_caches_than_a_kernel_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.workload.trace.pairing.MAX_CACHES", 2)
    with pytest.raises(UserError, match="3 caches in a trace"):
        paired(tmp_path, *(alloc(i, f"cache{i}") for i in (1, 2, 3)))


def test_a_cache_has_its_largest_object(tmp_path):
    result = paired(tmp_path, alloc(1, "a", 8, 64), alloc(2, "a", 100, 128), alloc(3, "a", 90, 192))
    assert [(cache.size, cache.stride) for cache in result.caches] == [(100, 128)]


def test_the_shipped_traces_pair_as_recorded():
    result = pair(read_kmem_trace(shipped_folder("workloads") / "untar-rm.txt.gz"))
    assert (len(result.trace), len(result.event), result.nr_slots, result.never_freed) == (18155, 16686, 8652, 618)
    assert result.skipped == {FREE_OF_NULL: 1415, BEFORE_RECORDING: 54}


def by_cpu(text):
    """The lines of a recording as its per_cpu/cpu*/trace have them, one file after the other."""
    lines = [each for each in text.splitlines(keepends=True) if "] " in each]
    return sorted(lines, key=lambda each: re.search(r"\[(\d+)\]", each)[1])


def test_buffers_of_cpus_one_after_the_other_are_paired_in_order_of_time(tmp_path):
    there_and_back = (
        on_cpu(0, kmalloc(1, at=1)),
        on_cpu(0, line("kfree", 2, at=4)),
        on_cpu(0, kmalloc(1, at=5)),
        on_cpu(1, line("kfree", 1, at=2)),
        on_cpu(1, kmalloc(2, at=3)),
        on_cpu(1, line("kfree", 1, at=6)),
    )
    result = paired(tmp_path, *there_and_back)
    assert result.event.tolist() == [0, 3, 4, 1, 2, 5]
    assert result.slot.tolist() == [0, 0, 1, 1, 2, 2]
    assert (result.skipped, result.still_allocated()) == ({}, {})
    assert result.out_of_order() == {PUT_IN_ORDER: 1}


@pytest.mark.parametrize("name", ["compile-c", "untar-rm"])
def test_a_recording_cpu_by_cpu_has_the_objects_of_the_merged_one(tmp_path, name):
    whole = shipped_folder("workloads") / f"{name}.txt.gz"
    merged, apart = read_paired(whole), paired(tmp_path, *by_cpu(gzip.decompress(whole.read_bytes()).decode()))
    assert len(apart.event) == len(merged.event)
    assert apart.skipped == merged.skipped
    assert apart.still_allocated() == merged.still_allocated()


def test_a_cpu_whose_own_times_run_backwards_leaves_the_order_of_the_file(tmp_path):
    deltas = (on_cpu(0, kmalloc(1, at=5)), on_cpu(1, line("kfree", 1, at=2)), on_cpu(0, kmalloc(1, at=1)))
    result = paired(tmp_path, *deltas)
    assert result.event.tolist() == [0, 1, 2]
    assert result.out_of_order() == {BACKWARDS: 2}


def test_what_kmalloc_cannot_serve_is_left_out_and_told(tmp_path):
    largest = 4 << 20
    result = paired(tmp_path, kmalloc(1, largest), kmalloc(2, largest + 1), kmalloc(0, largest + 1), kmalloc(3))
    assert result.event.tolist() == [0, 3]
    assert result.skipped == {TOO_LARGE: 1, FAILED_ALLOCATION: 1}


def test_a_cache_whose_objects_were_accounted_though_nobody_asked_is_told(tmp_path):
    def told(name, flags, accounted):
        fields = f" name={name} bytes_req=100 bytes_alloc=104 gfp_flags={flags} node=-1 accounted={accounted}"
        return line("kmem_cache_alloc", 1, fields)

    result = paired(
        tmp_path,
        told("by_cache", "GFP_KERNEL", "true"),
        told("by_cache", "GFP_KERNEL|__GFP_ACCOUNT", "true"),
        told("asked", "GFP_KERNEL_ACCOUNT", "true"),
        told("plain", "GFP_KERNEL", "false"),
    )
    assert [(cache.name, cache.account) for cache in result.caches] == [
        ("by_cache", True), ("asked", False), ("plain", False),
    ]  # fmt: skip

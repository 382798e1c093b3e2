from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from simslab.base.shipped import shipped_folder
from simslab.workload.trace.kmem_trace import read_kmem_trace
from simslab.workload.trace.pairing import (
    BEFORE_RECORDING,
    FAILED_ALLOCATION,
    FREE_OF_NULL,
    FREED_TWICE,
    pair,
)


def line(event, ptr, fields="", at=1):
    return f" task-1 [000] ..... 1.{at:06}: {event}: call_site=x ptr={ptr:08x}{fields}\n"


def alloc(ptr, name=None, req=100, size=104):
    named = f" name={name}" if name else ""
    return line("kmem_cache_alloc", ptr, f"{named} bytes_req={req} bytes_alloc={size} gfp_flags=GFP_KERNEL")


def free(ptr, name=None):
    return line("kmem_cache_free", ptr, f" name={name}" if name else "")


def kmalloc(ptr):
    return line("kmalloc", ptr, " bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL")


def paired(tmp_path, *lines):
    path = tmp_path / "t.txt"
    path.write_text("".join(lines))
    return pair(read_kmem_trace(path))


def test_a_pointer_names_a_new_object_after_each_free(tmp_path):
    result = paired(tmp_path, alloc(1), free(1), alloc(1), free(1))
    assert result.slot.tolist() == [0, 0, 1, 1]
    assert (result.nr_slots, result.never_freed, result.skipped) == (2, 0, {})


def test_frees_without_allocation_are_counted_by_reason(tmp_path):
    result = paired(tmp_path, free(7), alloc(1), free(1), free(1), line("kfree", 0), alloc(0), alloc(2))
    assert result.skipped == {BEFORE_RECORDING: 1, FREED_TWICE: 1, FREE_OF_NULL: 1, FAILED_ALLOCATION: 1}
    assert result.never_freed == 1


def test_an_object_whose_free_was_not_recorded_stays_allocated(tmp_path):
    result = paired(tmp_path, alloc(1), alloc(1), free(1))
    assert result.slot.tolist() == [0, 1, 1]
    assert (result.reused, result.never_freed) == (1, 1)


def test_caches_are_named_by_allocation_then_by_free_then_by_stride(tmp_path):
    result = paired(tmp_path, alloc(1, "filp"), alloc(2), alloc(3), free(2, "dentry"), kmalloc(4))
    assert [cache.name if cache else None for cache in result.caches()] == ["filp", "dentry", "size-104", None]


def test_a_stride_of_whole_lines_beyond_the_size_means_alignment(tmp_path):
    caches = paired(tmp_path, alloc(1, "a", 184, 192), alloc(2, "b", 100, 104), alloc(3, "c", 190, 192)).caches()
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


def test_the_shipped_traces_pair_as_recorded():
    result = pair(read_kmem_trace(shipped_folder("workloads") / "untar-rm.txt.gz"))
    assert (len(result.trace), len(result.event), result.nr_slots, result.never_freed) == (18155, 16686, 8652, 618)
    assert result.skipped == {FREE_OF_NULL: 1415, BEFORE_RECORDING: 54}

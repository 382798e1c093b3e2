"""Debug kernels keep the bytes of objects, and find out who wrote where he should not have."""

import pytest

from simslab.base.errors import UserError
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slab import cflgs
from simslab.slab.creation.options import SlabOptions
from simslab.slab.debug.checks import RED_ACTIVE, RED_INACTIVE
from simslab.slab.debug.reports import dbg_redzone1, dbg_redzone2, dbg_userword
from simslab.slab.slabinfo import slabinfo_line
from simslab.slab_common import flags as fl


class Bench:
    """A debug kernel with one cache, and what its users hold."""

    def __init__(self, size=40, flags=0, ctor=0, topology="1n4c", **options):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True, debug_slab=True, **options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", size, 0, flags, ctor)
        self.debug = self.allocator.debug
        self.size = size

    def alloc(self, flags=gfp.GFP_KERNEL):
        return self.allocator.kmem_cache_alloc(self.cpu, self.cache, flags)

    def free(self, objp):
        self.allocator.kmem_cache_free(self.cpu, self.cache, objp)

    def shrink(self):
        self.allocator.kmem_cache_shrink(self.cpu, self.cache)

    def bytes(self, objp):
        return self.debug.read(objp, self.size)

    def zones(self, objp):
        return self.debug.get_redzones(self.cache, objp - self.cache.obj_offset)

    def log(self):
        """Messages without their times."""
        return [line.split("] ", 1)[1] for line in self.allocator.kernel.log.lines]

    def told(self, text):
        return any(text in line for line in self.log())


# -- what lies in memory -----------------------------------------------------------------------------------------------


def test_a_new_object_is_poisoned_as_used_and_a_freed_one_as_free():
    bench = Bench()
    objp = bench.alloc()
    assert bench.bytes(objp) == b"\x5a" * 39 + b"\xa5"
    bench.free(objp)
    assert bench.bytes(objp) == b"\x6b" * 39 + b"\xa5"


def test_red_zones_say_whether_the_object_is_in_use():
    bench = Bench()
    objp = bench.alloc()
    assert bench.zones(objp) == (RED_ACTIVE, RED_ACTIVE)
    bench.free(objp)
    assert bench.zones(objp) == (RED_INACTIVE, RED_INACTIVE)


def test_red_zones_and_the_user_word_lie_where_the_kernel_puts_them():
    bench = Bench(size=40)
    slot = bench.alloc() - bench.cache.obj_offset
    assert (bench.cache.size, bench.cache.obj_offset) == (64, 8)
    assert dbg_redzone1(bench.cache, slot) - slot == 0
    assert dbg_redzone2(bench.cache, slot) - slot == 48
    assert dbg_userword(bench.cache, slot) - slot == 56


def test_aligned_caches_have_poison_but_no_red_zones():
    bench = Bench(size=64, flags=fl.SLAB_HWCACHE_ALIGN)
    assert bench.cache.flags & (fl.SLAB_RED_ZONE | fl.SLAB_POISON) == fl.SLAB_POISON
    assert bench.bytes(bench.alloc()) == b"\x5a" * 63 + b"\xa5"


def test_caches_typesafe_by_rcu_have_red_zones_and_keep_their_bytes():
    bench = Bench(flags=fl.SLAB_TYPESAFE_BY_RCU)
    objp = bench.alloc()
    bench.debug.write(objp, b"generation 1")
    bench.free(objp)
    assert bench.bytes(objp).startswith(b"generation 1")
    assert bench.zones(objp) == (RED_INACTIVE, RED_INACTIVE)
    assert bench.log() == []


def test_zeroed_objects_are_zero():
    bench = Bench()
    assert bench.bytes(bench.alloc(gfp.GFP_KERNEL | gfp.ZERO)) == bytes(40)
    bench = Bench(init_on_alloc=True)
    objp = bench.alloc()
    # init_on_alloc leaves poisoned caches alone
    assert bench.bytes(objp) == b"\x5a" * 39 + b"\xa5"


def test_a_constructor_runs_at_each_allocation_of_a_poisoned_cache_and_once_where_bytes_are_kept():
    bench = Bench(ctor=1)
    objp = bench.alloc()
    assert bench.bytes(objp) == bytes(40)
    bench.free(objp)
    assert bench.bytes(objp) == b"\x6b" * 39 + b"\xa5"
    kept = Bench(ctor=1, flags=fl.SLAB_TYPESAFE_BY_RCU)
    objp = kept.alloc()
    kept.debug.write(objp, b"mine")
    kept.free(objp)
    assert kept.alloc() == objp
    assert kept.bytes(objp) == b"mine" + bytes(36)


def test_the_bytes_of_a_slab_go_with_its_pages():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.shrink()
    with pytest.raises(UserError, match="no slab holds"):
        bench.debug.read(objp, 1)


def test_a_slab_waiting_for_its_grace_period_can_still_be_read():
    bench = Bench(flags=fl.SLAB_TYPESAFE_BY_RCU)
    objp = bench.alloc()
    bench.debug.write(objp, b"late reader")
    bench.free(objp)
    bench.shrink()
    assert bench.bytes(objp).startswith(b"late reader")
    bench.allocator.kernel.rcu.rcu_barrier(bench.cpu)
    with pytest.raises(UserError):
        bench.bytes(objp)


def test_writing_beyond_the_slab_is_refused():
    bench = Bench()
    objp = bench.alloc()
    with pytest.raises(UserError, match="no slab holds the 5000 bytes"):
        bench.debug.write(objp, bytes(5000))


# -- what is found -----------------------------------------------------------------------------------------------------


def test_an_overrun_is_detected_when_the_object_is_freed():
    bench = Bench()
    objp = bench.alloc()
    bench.debug.write(objp + 40, b"!")
    assert bench.log() == []
    bench.free(objp)
    assert bench.log() == [
        "slab error in verify_redzone_free(): cache `bench': memory outside object was overwritten",
        "CPU: 0 PID: 1 Comm: swapper/0 Not tainted 5.10.135-simslab #1",
        f"{objp - 8:016x}: redzone 1:0xd84156c5635688c0, redzone 2:0xd84156c563568821",
    ]


def test_an_underrun_is_detected_when_the_object_is_freed():
    bench = Bench()
    objp = bench.alloc()
    bench.debug.write(objp - 8, bytes(8))
    bench.free(objp)
    assert bench.told("memory outside object was overwritten")
    assert bench.told("redzone 1:0x0, redzone 2:0xd84156c5635688c0")


def test_a_double_free_is_told_at_the_second_free():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.free(objp)
    assert bench.log()[0] == "slab error in verify_redzone_free(): cache `bench': double free detected"
    assert bench.told("redzone 1:0x9f911029d74e35b, redzone 2:0x9f911029d74e35b")


def test_an_object_freed_twice_is_found_again_when_it_is_allocated_twice():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.free(objp)
    assert bench.alloc() == bench.alloc() == objp
    assert bench.told("Slab corruption (Tainted: G    B            ): bench start=")
    assert bench.told("double free, or memory outside object was overwritten")


def test_a_write_after_free_is_detected_at_the_next_allocation():
    bench = Bench()
    neighbour, objp = bench.alloc(), bench.alloc()
    assert objp == neighbour - 64
    bench.free(objp)
    bench.debug.write(objp + 17, b"late")
    assert bench.log() == []
    assert bench.alloc() == objp
    log = bench.log()
    assert log[:4] == [
        f"Slab corruption (Not tainted): bench start={objp:016x}, len=40",
        "Redzone: 0x9f911029d74e35b/0x9f911029d74e35b",
        "Last user: (swapper/0+0x20/0x40)",
        "010: 6b 6c 61 74 65 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b  klatekkkkkkkkkkk",
    ]
    following = log.index(f"Next obj: start={neighbour:016x}, len=40")
    assert log[following + 1 :] == [
        "Redzone: 0xd84156c5635688c0/0xd84156c5635688c0",
        "Last user: (swapper/0+0x10/0x40)",
        "000: 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a  ZZZZZZZZZZZZZZZZ",
        "010: 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a  ZZZZZZZZZZZZZZZZ",
    ]
    assert any(line.startswith("Prev obj: start=") for line in log)
    assert bench.bytes(objp) == b"\x5a" * 39 + b"\xa5"


def test_one_flipped_bit_brings_the_advice_to_test_the_memory():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.debug.write(objp, b"\x6a")
    bench.alloc()
    assert bench.told("Single bit error detected. Probably bad RAM.")
    assert bench.told("Run memtest86+ or a similar memory test tool.")


def test_two_wrong_bits_do_not():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.debug.write(objp, b"\x68")
    bench.alloc()
    assert bench.told("Slab corruption")
    assert not bench.told("Single bit")


def test_at_most_six_lines_of_a_corrupted_object_are_printed():
    bench = Bench(size=400)
    objp = bench.alloc()
    bench.free(objp)
    bench.debug.write(objp, bytes(400))
    bench.alloc()
    log = bench.log()
    end = next(i for i, line in enumerate(log) if line.startswith(("Prev", "Next")))
    offsets = [line.split(":")[0] for line in log[:end] if "00 00 00" in line]
    assert offsets == ["000", "010", "020", "030", "040", "050"]


def test_the_byte_after_a_printed_line_is_not_looked_at():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.debug.write(objp, b"\0")
    bench.debug.write(objp + 16, b"\0")
    bench.alloc()
    assert bench.told("000: 00 6b")
    assert not bench.told("010: 00 6b")


def test_a_write_after_free_is_detected_when_the_slab_goes():
    bench = Bench()
    held = [bench.alloc() for _ in range(4)]
    for objp in held:
        bench.free(objp)
    bench.debug.write(held[1], b"late")
    bench.debug.write(held[2] - 4, b"late")
    bench.debug.write(held[2] + 40, b"late")
    bench.shrink()
    assert bench.told("Slab corruption")
    assert bench.told("slab error in slab_destroy_debugcheck(): cache `bench': start of a freed object was overwritten")
    assert bench.told("slab error in slab_destroy_debugcheck(): cache `bench': end of a freed object was overwritten")


def test_an_overrun_that_reaches_a_free_neighbour_is_found_there_as_well():
    bench = Bench()
    high, low = bench.alloc(), bench.alloc()
    bench.free(high)
    bench.debug.write(low + 40, b"x" * 32)
    bench.free(low)
    assert bench.told("memory outside object was overwritten")
    bench.alloc()
    bench.alloc()
    assert bench.told("double free, or memory outside object was overwritten")
    assert bench.told("Slab corruption")


@pytest.mark.parametrize(("offset", "told"), [(8, "end"), (-8, "start")])
def test_a_constructor_that_writes_outside_its_object_is_found_when_the_slab_is_made(offset, told):
    bench = Bench(ctor=1, flags=fl.SLAB_TYPESAFE_BY_RCU)
    bench.debug.set_constructor(bench.cache, bytes(40), offset)
    bench.alloc()
    message = f"slab error in cache_init_objs_debug(): cache `bench': constructor overwrote the {told} of an object"
    assert bench.told(message)


def test_asking_for_zeroes_from_a_cache_with_a_constructor_warns_once_where_it_grows_and_where_it_is_checked():
    bench = Bench(ctor=1)
    for _ in range(3):
        bench.alloc(gfp.GFP_KERNEL | gfp.ZERO)
    assert [line.split(" at ")[1] for line in bench.log()] == [
        "mm/slab.c cache_grow_begin",
        "mm/slab.c cache_alloc_debugcheck_after",
    ]


def test_the_object_that_held_the_index_array_is_clean_when_it_is_handed_out():
    bench = Bench(size=256)
    assert bench.cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB
    bench.allocator.slabinfo_write("bench 2 2 0")
    mem_map, num = bench.allocator.pages.mem_map, bench.cache.num
    pfn = mem_map.get("head", bench.alloc() >> 12)
    holder = mem_map.get("freelist", pfn)
    bench.debug.contents.show_index(pfn, num)
    assert bench.debug.read(holder, num) == bytes(range(num))
    assert holder in [bench.alloc() for _ in range(2 * num)]
    assert bench.debug.read(holder, num) == b"\x5a" * num
    assert bench.log() == []


# -- where the kernel gives up -----------------------------------------------------------------------------------------


def test_an_object_put_into_its_slab_twice_is_a_bug():
    bench = Bench()
    objp = bench.alloc()
    bench.free(objp)
    bench.free(objp)
    with pytest.raises(KernelBugError, match="double free detected in cache 'bench'"):
        bench.shrink()
    assert bench.log()[-1] == f"slab: double free detected in cache 'bench', objp {objp - 8:016x}"


def test_freeing_to_another_cache_is_a_bug():
    bench = Bench()
    other = bench.allocator.kmem_cache_create("other", 40)
    with pytest.raises(KernelBugError, match="not of cache other"):
        bench.allocator.kmem_cache_free(bench.cpu, other, bench.alloc())


def test_freeing_what_is_not_the_start_of_an_object_is_a_bug():
    bench = Bench()
    with pytest.raises(KernelBugError, match="no object of cache bench"):
        bench.free(bench.alloc() + 8)


def test_freeing_an_address_that_is_no_memory_is_a_bug():
    bench = Bench()
    with pytest.raises(KernelBugError, match="no memory"):
        bench.allocator.kfree(bench.cpu, 1 << 60)
    assert bench.told("kfree_debugcheck: out of range ptr 1000000000000000h")


def test_a_hardened_debug_kernel_frees_to_the_right_cache_after_a_warning():
    bench = Bench(freelist_hardened=True)
    aligned = bench.allocator.kmem_cache_create("aligned", 64, 0, fl.SLAB_HWCACHE_ALIGN)
    objp = bench.alloc()
    bench.allocator.kmem_cache_free(bench.cpu, aligned, objp)
    assert bench.told("Wrong slab cache. aligned but object is from bench")
    assert bench.alloc() == objp


# -- counters and reports ----------------------------------------------------------------------------------------------


def test_reports_are_counted_but_the_errors_column_stays_zero_as_in_5_10():
    bench = Bench()
    objp = bench.alloc()
    bench.debug.write(objp + 40, b"!")
    bench.free(objp)
    bench.debug.write(objp, b"!")
    bench.alloc()
    assert bench.debug.reports.count == 2
    columns = slabinfo_line(bench.cache, statistics=True).split("globalstat")[1].split()
    assert columns[4] == "0"  # the kernel has STATS_INC_ERR and does not use it


def test_the_last_user_is_the_task_that_allocated_or_freed():
    bench = Bench()
    bench.allocator.kernel.log.comm[0] = "reader/0"
    objp = bench.alloc()
    bench.allocator.kernel.log.comm[0] = "writer/0"
    bench.free(objp)
    bench.debug.write(objp, b"!")
    bench.alloc()
    assert bench.told("Last user: (writer/0+0x20/0x40)")


def test_running_out_of_memory_is_reported_with_what_each_node_holds():
    bench = Bench(size=2000, topology="2n8c")
    bench.alloc()
    bench.allocator.pages.deny_cache, bench.allocator.pages.deny_mask = bench.cache.index, 3
    while bench.alloc(gfp.GFP_ATOMIC):
        pass
    num = bench.cache.num
    assert bench.log() == [
        "SLAB: Unable to allocate memory on node 0, gfp=0x40a20(GFP_ATOMIC|__GFP_COMP)",
        f"  cache: bench, object size: {bench.cache.size}, order: {bench.cache.gfporder}",
        f"  node 0: slabs: 1/1, objs: {num}/{num}",
        "  node 1: slabs: 0/0, objs: 0/0",
    ]


def test_requests_that_want_no_warning_get_none_and_ten_reports_in_five_seconds_are_enough():
    bench = Bench(topology="2n8c")
    bench.allocator.pages.deny_cache, bench.allocator.pages.deny_mask = bench.cache.index, 3
    assert bench.alloc(gfp.GFP_ATOMIC | gfp.NOWARN) == 0
    assert bench.log() == []
    for _ in range(15):
        bench.alloc(gfp.GFP_ATOMIC)
    assert sum("Unable" in line for line in bench.log()) == 10
    bench.cpu.now += 6 * bench.allocator.kernel.log.frequency_hz
    bench.alloc(gfp.GFP_ATOMIC)
    assert bench.told("slab_out_of_memory: 5 callbacks suppressed")


def test_kernels_without_debug_slab_have_no_bytes_and_report_nothing():
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True))
    cpu = allocator.kernel.machine.cpus[0]
    cache = allocator.kmem_cache_create("bench", 40)
    allocator.pages.deny_cache, allocator.pages.deny_mask = cache.index, 1
    assert allocator.debug is None
    assert allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_ATOMIC) == 0
    assert allocator.kernel.log.lines == []


# -- debug_pagealloc ---------------------------------------------------------------------------------------------------


@pytest.fixture
def unmapping():
    bench = Bench(size=2000, topology="1n1c", debug_pagealloc=True)
    assert (bench.cache.size, bench.cache.flags & cflgs.CFLGS_OFF_SLAB) == (4096, cflgs.CFLGS_OFF_SLAB)
    return bench


@pytest.mark.parametrize("access", ["read", "write"])
def test_with_debug_pagealloc_touching_a_free_object_of_whole_pages_is_a_page_fault(unmapping, access):
    objp = unmapping.alloc()
    unmapping.debug.write(objp, b"in use")
    unmapping.free(objp)
    with pytest.raises(KernelBugError, match=f"page fault for address {objp:#x} .{access} access"):
        unmapping.bytes(objp) if access == "read" else unmapping.debug.write(objp, b"late")
    assert unmapping.alloc() == objp
    assert unmapping.bytes(objp).startswith(b"\x5a")


@pytest.mark.parametrize("size", [2000, 4096], ids=["red zones", "no red zones"])
def test_with_debug_pagealloc_a_double_free_faults(size):
    unmapping = Bench(size=size, topology="1n1c", debug_pagealloc=True)
    objp = unmapping.alloc()
    unmapping.free(objp)
    with pytest.raises(KernelBugError, match="page fault"):
        unmapping.free(objp)


def test_with_debug_pagealloc_smaller_objects_stay_mapped_until_their_slab_goes():
    bench = Bench(size=40, topology="1n1c", debug_pagealloc=True)
    objp = bench.alloc()
    bench.free(objp)
    assert bench.bytes(objp) == b"\x6b" * 39 + b"\xa5"
    bench.shrink()
    assert objp >> 12 in bench.allocator.kernel.page_allocator.direct_map.absent


def test_with_debug_pagealloc_slabs_of_unmapped_objects_come_and_go(unmapping):
    held = [unmapping.alloc() for _ in range(30)]
    for objp in held:
        unmapping.free(objp)
    unmapping.shrink()
    assert unmapping.log() == []
    assert unmapping.bytes(unmapping.alloc()) == b"\x5a" * 1999 + b"\xa5"

"""Lines of the kernel's reports: where red zones lie, hex dumps."""

import pytest

from simslab.kernel.mm.page import MemMap
from simslab.kernel.printk import KernelLog
from simslab.slab.debug.bytes_of_slabs import SlabBytes
from simslab.slab.debug.reports import (
    SlabReports,
    dbg_redzone1,
    dbg_redzone2,
    dbg_userword,
)
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common import flags as fl

POISON = b"\x6b"


class OnCpu:
    id, now = 0, 0


@pytest.fixture
def log():
    return KernelLog(10**9, 2)


@pytest.fixture
def reports(log):
    mem_map = MemMap(64, [0], [1 << 20])
    return SlabReports(mem_map, SlabBytes(mem_map), log)


def told(log):
    return [line.split("] ", 1)[1] for line in log.lines]


@pytest.mark.parametrize(("flags", "second"), [(fl.SLAB_RED_ZONE, 56), (fl.SLAB_RED_ZONE | fl.SLAB_STORE_USER, 48)])
def test_the_second_red_zone_makes_room_for_the_user_word(flags, second):
    cache = KmemCache(1, 0, "files", 1)
    cache.size, cache.obj_offset, cache.flags = 64, 8, flags
    assert (dbg_redzone1(cache, 1000), dbg_redzone2(cache, 1000) - 1000) == (1000, second)
    assert dbg_userword(cache, 1000) == 1056


@pytest.mark.parametrize(
    ("bad", "advice"), [(b"\x6a", True), (b"\x6f", True), (b"\x68", False), (b"\x6a\x6a", False), (b"", False)]
)
def test_one_bit_of_one_byte_is_probably_the_memory(reports, log, bad, advice):
    reports.dump_line(OnCpu(), bad + POISON * (16 - len(bad)), 0)
    assert ("Single bit error detected. Probably bad RAM." in told(log)) is advice
    assert len(log.lines) == (3 if advice else 1)


def test_a_line_tells_its_offset_and_the_last_one_may_be_short(reports, log):
    reports.dump_line(OnCpu(), POISON * 20, 16)
    assert told(log) == ["010: " + "6b 6b 6b 6b".ljust(49) + "kkkk"]


def test_an_error_is_counted_and_taints_the_kernel(reports, log):
    reports.slab_error(OnCpu(), "cache_free", KmemCache(1, 0, "files", 1), "bad end of slab")
    assert told(log)[0] == "slab error in cache_free(): cache `files': bad end of slab"
    assert reports.count == 1
    assert log.tainted() != "Not tainted"

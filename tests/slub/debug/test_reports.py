"""Reports of debugged caches, line for line in the kernel's formats."""

import pytest
from slub_systems import KERNEL

from simslab.slub.debug.reports import RULER, UNDER, pointer


@pytest.fixture
def report(booted):
    """A function that writes 2 bytes behind an object of 56 bytes and frees it: the lines told, object and cache."""

    def told(letters):
        allocator = booted("1n1c", slab_nomerge=True, slub_debug=letters)
        cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 56)
        objp = [allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(2)][1]
        allocator.debug.write(objp + 56, b"AB")
        allocator.kmem_cache_free(cpu, cache, objp)
        return [line.split("] ", 1)[1] for line in allocator.kernel.log.lines], objp, cache

    return told


def test_a_report_begins_with_what_and_where(report):
    lines, objp, _ = report("FZPU")
    place = f"{pointer(objp + 56)}-{pointer(objp + 57)} @offset={objp % 4096 + 56}"
    assert lines[:5] == [
        RULER,
        "BUG c (Not tainted): Right Redzone overwritten",
        UNDER,
        "",
        f"INFO: {place}. First byte 0x41 instead of 0xcc",
    ]
    assert lines[-3:] == [
        f"FIX c: Restoring {pointer(objp + 56)}-{pointer(objp + 57)}=0xcc",
        "",
        f"FIX c: Object at {pointer(objp)} not freed",
    ]


def test_it_tells_the_last_user_the_slab_and_the_bytes(report):
    lines, objp, cache = report("FZPU")
    text = "\n".join(lines)
    assert "INFO: Allocated in swapper/0+0x10/0x40 age=0 cpu=0 pid=1" in text
    assert f"objects={cache.oo_objects} used=2 fp=" in text
    assert f"INFO: Object {pointer(objp)} @offset={objp % 4096} fp=" in text
    assert f"Redzone  {objp - 8:016x}: cc cc cc cc cc cc cc cc".ljust(76) + "........" in text
    assert f"Object   {objp + 48:016x}: 6b 6b 6b 6b 6b 6b 6b a5".ljust(76) + "kkkkkkk." in text
    assert f"Redzone  {objp + 56:016x}: 41 42 cc cc cc cc cc cc".ljust(76) + "AB......" in text
    assert "Padding  " in text
    assert "CPU: 0 PID: 1 Comm: swapper/0" in text


def test_without_red_zones_the_bytes_before_the_object_are_shown(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FPU")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 56)
    objp = [allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(2)][1]
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.debug.write(objp, b"AB")
    allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    lines = [line.split("] ", 1)[1] for line in allocator.kernel.log.lines]
    assert "BUG c (Not tainted): Poison overwritten" in lines
    assert any(line.startswith(f"Bytes b4 {objp - 16:016x}: ") for line in lines)
    assert not any(line.startswith("Redzone") for line in lines)


def test_without_checks_nothing_is_told(report):
    assert report("ZPU")[0] == []


def test_a_traced_cache_tells_every_allocation_and_free(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="T,c")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 16)
    objp = allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    lines = [line.split("] ", 1)[1] for line in allocator.kernel.log.lines]
    assert [line.split(" 0x")[0] for line in lines if line.startswith("TRACE")] == ["TRACE c alloc", "TRACE c free"]
    assert any(line.startswith(f"Object {objp:016x}: ") for line in lines)
    assert allocator.debug.errors() == 0


def test_an_address_is_printed_with_16_digits():
    assert pointer(0x1F) == "0x000000000000001f"
    assert pointer(-1) == "0xffffffffffffffff"


def test_what_is_wrong_with_a_slab_is_cut_after_99_characters(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 64)
    allocator.reports.slab_err(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, KERNEL) >> 12, "x" * 100)
    assert allocator.kernel.log.lines[1].endswith("BUG c (Not tainted): " + "x" * 99)

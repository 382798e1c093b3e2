"""Watching a CPU on a path."""

import io
import json
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from simslab.base.build import running_build
from simslab.base.errors import UserError
from simslab.conform import watching
from simslab.conform.records import Row
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions

plain_only = pytest.mark.skipif(running_build().kind != "plain", reason="watching replaces methods: plain Python only")


@plain_only
def test_addresses_and_instructions_of_an_operation_are_noted_without_those_of_the_page_allocator():
    allocator = new_system("1n1c", SlabOptions())
    cpu = allocator.kernel.machine.cpus[0]
    cache = allocator.kmem_cache_create("c", 192, ctor=1)
    recorder = watching.Recorder(SimpleNamespace(cpu=cpu, allocator=allocator))
    before = cpu.instructions
    got = recorder.cost(lambda: allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert 0 < got < cpu.instructions - before
    assert cache.cpu_cache[0].addr in recorder.addresses
    noted = len(recorder.addresses)
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert len(recorder.addresses) == noted


@plain_only
def test_accesses_can_be_free_of_charge():
    cpu = new_system("1n1c", SlabOptions()).kernel.machine.cpus[0]
    before = cpu.now
    with watching.accesses_free_of_charge([cpu]):
        cpu.read(1 << 20)
    assert cpu.now == before
    cpu.read(1 << 20)
    assert cpu.now > before


def test_a_count_is_a_decimal_number():
    row = Row({}, "t.csv", 3)
    assert watching.counted(row, "12") == 12
    for text in ("", "-1", "1e3", "123456789"):
        with pytest.raises(UserError, match="functions"):
            watching.counted(row, text)


@dataclass
class Cost:
    path: str


def test_comparisons_are_printed_as_json(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    watching.print_measured(lambda: [Cost("alloc")])
    assert json.loads(sys.stdout.getvalue()) == [{"path": "alloc"}]


def test_bad_input_of_the_plain_interpreter_is_the_users(tmp_path):
    bad = tmp_path / "instruction_counts.csv"
    bad.write_text("cache,path\nb64,alloc\n")
    with pytest.raises(UserError, match="instruction_counts"):
        watching.in_plain_python("simslab.conform.slab.path_check", str(bad), "")

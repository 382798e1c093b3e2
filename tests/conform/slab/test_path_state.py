"""Benches stand in the recorded state before their path; they replace a CPU's methods, which only plain Python allows.

test_path_costs.py runs every recorded path in an interpreter of its own.
"""

from pathlib import Path

import pytest

from simslab.base.build import running_build
from simslab.conform.slab.path_costs import STATE, read_counts, set_up
from simslab.conform.slab.path_state import KMALLOC, NAME
from simslab.conform.watching import accesses_free_of_charge

GOLDEN = Path(__file__).parents[2] / "golden" / "instruction_counts.csv.gz"
PLAIN = pytest.mark.skipif(running_build().kind != "plain", reason="a compiled CPU's methods cannot be replaced")


class Counting:
    """Stands for a CPU."""

    def __init__(self):
        self.reads = 0

    def read(self, addr):
        self.reads += 1
        return addr


def test_accesses_take_nothing_inside_the_block_and_are_themselves_behind_it():
    cpu = Counting()
    with accesses_free_of_charge([cpu]):
        assert (cpu.read(64), cpu.write(64), cpu.clear(0, 4096)) == (0, 0, 0)
    assert (cpu.read(64), cpu.reads) == (64, 1)
    assert not hasattr(cpu, "write")


def test_every_recorded_cache_and_kmalloc_path_has_a_name_that_is_understood():
    rows = [row for row in read_counts(GOLDEN) if not set_up(row["path"])]
    assert all(KMALLOC.fullmatch(row["path"]) or NAME.match(row["cache"]) for row in rows)


@PLAIN
def test_a_bench_begins_in_the_recorded_state():
    from simslab.conform.slab.path_state import Bench

    rows = [row for row in read_counts(GOLDEN) if not row["path"].startswith("k") and not set_up(row["path"])]
    for row in rows[:: len(rows) // 12]:
        before = tuple(int(row[f"{name}_before"]) for name in STATE)
        assert Bench(row, before).state() == before, row["path"]

"""What each path executes and touches equals the record of the real kernel, state by state.

The comparison watches a CPU by replacing its methods, so it runs in plain Python on either build.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
ENVIRONMENT = os.environ | {"SIMSLAB_PURE": "1"}


def test_every_recorded_path_costs_the_same_instructions_and_touches_the_same_lines_in_order():
    # Prefetches are no accesses of the record: they must be those of 5.10's slab_alloc, and none in slab_alloc_node.
    command = [sys.executable, "-m", "simslab.conform.slab.path_costs", str(GOLDEN)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if "DIFFERS" in line] or done.stderr
    assert "914 paths, lines compared for 437" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("none differ")


@pytest.mark.parametrize(
    ("golden", "few", "many"),
    [
        ("golden", ("bulk_alloc_4", "b256"), ("bulk_alloc_8", "b256")),
        ("golden", ("alloc_refill_2nd", "b256b16"), ("alloc_refill_lists", "b32")),
        ("golden-slub", ("alloc_new_slab_atomic_nopage", "b64"), ("alloc_new_slab_kernel_nopage", "b32")),
        ("golden-slub", ("bulk_alloc_1", "b32"), ("bulk_alloc_16", "b32")),
    ],
)
def test_recorded_loops_over_objects_store_nothing_to_the_stack(golden, few, many):
    """So they are charged by `Cpu.insn_loop`: more objects are more instructions, and as many stores."""
    with gzip.open(GOLDEN.with_name(golden) / "path_access.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    fewer, more = (
        next((r["insns"], r["stack_stores"]) for r in rows if (r["path"], r["cache"]) == which) for which in (few, many)
    )
    assert more[0] > fewer[0] + 50
    assert more[1] == fewer[1]

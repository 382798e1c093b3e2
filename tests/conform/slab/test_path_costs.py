"""What each path executes and touches equals the record of the real kernel, state by state.

The comparison watches a CPU by replacing its methods, so it runs in plain Python on either build.
"""

import os
import subprocess
import sys
from pathlib import Path

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

"""CPU seconds from the start of a process to the help, and to the first operation of a small run.

    python benchmarks/start.py [REPEAT] [TREE...]

Each TREE (default: this one) is a checkout built in place; trees take turns, REPEAT (default 9) times. Bytecode is kept
in a folder of its own, as after an install; the first start of each tree, which writes it, does not count. Medians, the
best, and the median ratio to the first tree.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HELP = """
import sys, time
sys.argv = ["simslab", "--help"]
from simslab.__main__ import main
try:
    main()
finally:
    print(time.process_time(), file=sys.stderr)
"""
FIRST_OPERATION = """
import os, sys, time
sys.argv = ["simslab", "run", "two-socket", "local-churn", "--set", "scale=0.01"]
from simslab.__main__ import main
from simslab.cli.terminal import progress

def execute(self):
    print(time.process_time(), file=sys.stderr, flush=True)
    os._exit(0)

def watching(what):
    # Called when all is loaded: the runner imported any earlier would be loaded before the command sets itself up.
    from simslab.workload.run import runner
    runner.Run.execute = execute
    return shown(what)

shown, progress.watching = progress.watching, watching
main()
"""
ENDS = {"the help": HELP, "the first operation": FIRST_OPERATION}


def seconds(tree, code, bytecode):
    """CPU seconds that one process took from its start to where `code` tells them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": bytecode}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=bytecode, capture_output=True, text=True, check=True
    )
    return float(done.stderr.splitlines()[-1])


def main():
    repeat = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    trees = [Path(name).resolve() for name in sys.argv[2:]] or [Path(__file__).resolve().parent.parent]
    with tempfile.TemporaryDirectory() as bytecode:
        for end, code in ENDS.items():
            rounds = [[seconds(tree, code, bytecode) for tree in trees] for _ in range(repeat + 1)][1:]
            for i, tree in enumerate(trees):
                ratio = median(times[i] / times[0] for times in rounds)
                best, middle = min(times[i] for times in rounds), median(times[i] for times in rounds)
                print(f"{end:20s} {middle:6.3f} s, best {best:6.3f} s  {ratio:5.2f}  {tree}", flush=True)


if __name__ == "__main__":
    main()

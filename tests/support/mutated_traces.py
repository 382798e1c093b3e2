"""Recordings with small faults in them, and one hash over what is read from all of them.

Run as a program it prints the hash: `python tests/support/mutated_traces.py COUNT`.
"""

import hashlib
import random
import sys
import tempfile
from pathlib import Path

from simslab.base.errors import BadValue, UserError
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import TraceReplay
from simslab.workload.trace.pairing import read_paired
from simslab.workload.trace.replay import replay

RECORDED = Path(__file__).parent.parent / "workload" / "trace" / "recorded"
TOKENS = (
    b" ", b"\n", b"[", b"]", b"(", b")", b":", b"=", b"-", b"0x", b"9" * 25, b"\xff", b"\0", b"|", b" ptr=", b"us",
    b" bytes_req=", b"call_site=", b"\t", b"#", b" => ", b"1.5", b"\r", b"gfp_flags=GFP_", b"(null)", b"CPU:0 [LOST ",
)  # fmt: skip


def mutated(chance, text):
    """`text` with one to five bytes or words put in, taken out or changed, or its end cut off."""
    data = bytearray(text)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(data) + 1)
        change = chance.randrange(5)
        if change == 0:
            data[at:at] = chance.choice(TOKENS)
        elif change == 1:
            del data[at : at + chance.randrange(1, 20)]
        elif change == 2:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif change == 3:
            data[at : at + chance.randrange(8)] = chance.choice(TOKENS)
        else:
            data = data[:at] or data
    return bytes(data)


def told(path):
    """What is read from a file and made of it, as bytes; a refusal must be one line."""
    try:
        paired = read_paired(path)
    except UserError as error:
        if "\n" in str(error):
            raise AssertionError(f"a refusal of several lines: {error}") from None
        return str(error).replace(str(path.parent), "").encode()
    trace = paired.trace
    columns = (trace.time, trace.cpu, trace.task, trace.context, trace.ptr, trace.shape, trace.shapes, paired.slot)
    words = (trace.names, trace.gfp_texts, trace.pids, trace.skipped, trace.unparsed_examples, trace.lines)
    parts = [column.tobytes() for column in columns]
    for timing in ("asap", "recorded"):
        try:
            made = replay([paired], TraceReplay(file=path, timing=timing), CpuPlaces((0, 0, 1, 1), 2), 10**9, 1.0)
            parts += [thread.words.tobytes() for thread in made.program.threads]
        except BadValue as error:
            parts.append(str(error).encode())
    return b"".join([*parts, repr((words, paired.skipped, paired.caches)).encode()])


def digest(count):
    """The hash over `count` mutated recordings."""
    chance = random.Random(count)
    texts = [path.read_bytes() for path in sorted(RECORDED.iterdir())]
    result = hashlib.sha256()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.txt"
        for _ in range(count):
            path.write_bytes(mutated(chance, chance.choice(texts)))
            result.update(told(path))
    return result.hexdigest()


if __name__ == "__main__":
    print(digest(int(sys.argv[1])))

"""Each kind of impossible topology gives one error, which names the very line of the file at which the mistake is."""

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped
from simslab.machine.library import load_machine

NODES = "  - {each: package, memory: 8 GiB}  # estimate\n"
LINKS_START = "links:\n"
BETWEEN = "between: [0, 1]"
SLIT = "[[10, 21], [21, 10]]"
THREE = ("packages: 2", "packages: 3")
NO_SLIT = ("distances: [[10, 21]", "# [[10, 21]")

# what: (replacements in two-socket.yaml, text of the line that must be named, part of the message)
IMPOSSIBLE = {
    "disconnected nodes": ([THREE, NO_SLIT], "each: package", "no link leads from node 0 to node 2"),
    "two islands": (
        [
            ("packages: 2", "packages: 4"),
            NO_SLIT,
            (LINKS_START, LINKS_START + "  - {between: [2, 3], latency: 1 ns, bandwidth: 1 GB/s}\n"),
        ],
        "each: package",
        "no link leads from node 0 to nodes 2",
    ),
    "a CPU in two nodes": (
        [(NODES, "  - {package: 0, memory: 1 GiB}\n  - {cpus: 15-31, memory: 0}\n")],
        "cpus: 15-31",
        "CPU 15 is in node 0 already",
    ),
    "a CPU twice in one node": (
        [(NODES, "  - {cpus: '0-15,3', memory: 1 GiB}\n  - {package: 1, memory: 0}\n")],
        "cpus: '0-15,3'",
        "CPU 3 is listed twice",
    ),
    "a link without bandwidth": ([("bandwidth: 34.4 GB/s", "bandwidth: 0 GB/s")], "name: upi", "zero bandwidth"),
    "memory without bandwidth": ([("bandwidth: 18.5 GB/s", "bandwidth: 0")], "bandwidth: 0", "zero bandwidth"),
    "L3 ways that do not divide": (
        [("ways: 11", "ways: 13")],
        "size: 22 MiB",
        "13 ways of 64-byte lines do not divide",
    ),
    "L2 ways that do not divide": ([("1 MiB, ways: 16", "1 MiB, ways: 3")], "l2:", "3 ways of 64-byte lines"),
    "L1 ways that do not divide": ([("32 KiB, ways: 8", "32 KiB, ways: 7")], "l1d:", "7 ways of 64-byte lines"),
    "a distance below 10": ([(SLIT, "[[10, 21], [9, 10]]")], "distances:", "9 cannot stand here"),
    "a negative distance": ([(SLIT, "[[10, -1], [21, 10]]")], "distances:", "-1 cannot stand here"),
    "a local distance that is not 10": ([(SLIT, "[[11, 21], [21, 10]]")], "distances:", "node 0 is 11 from itself"),
    "a link to an unknown node": ([(BETWEEN, "between: [0, 7]")], "name: upi", "there is no node 7"),
    "a link from an unknown node": ([(BETWEEN, "between: [9, 1]")], "name: upi", "there is no node 9"),
    "a link from a node to itself": ([(BETWEEN, "between: [1, 1]")], "name: upi", "linked to itself"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_an_impossible_topology_is_one_error_at_its_line(what, tmp_path):
    replacements, named, message = IMPOSSIBLE[what]
    text = find_shipped("machines", "two-socket").read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "impossible.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_machine(str(path))
    line = next(number for number, row in enumerate(text.splitlines(), 1) if named in row and row[0] != "#")
    assert len(caught.value.problems) == 1, str(caught.value)
    problem = caught.value.problems[0]
    assert message in problem.message
    assert (problem.file, problem.line) == (str(path), line)
    assert str(caught.value).startswith(f"{path}:{line}:")
    assert "\n" not in str(caught.value)

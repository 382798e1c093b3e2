import pytest

from simslab.base.errors import UserError
from simslab.machine.topology.topology import build_topology

TEXT = """available: 2 nodes (0-1)
node 0 cpus: 0 1 2 3
node 0 size: 4096 MB
node 0 free: 4000 MB
node 1 cpus: 4 5 6 7
node 1 size: 4096 MB
node 1 free: 4000 MB
node distances:
node   0   1
  0:  10  21
  1:  21  10
"""


def cpus_of(spec):
    return {node.number: node.cpus for node in build_topology(spec).nodes}


def test_a_line_of_numbers_continues_the_line_of_cpus(case):
    assert cpus_of(case("numactl", "wrapped.txt")[0]) == {0: tuple(range(16)), 1: tuple(range(16, 32))}


@pytest.mark.parametrize("size", ["4 GB", "4 GiB", "4096 MiB", "4194304 kB"])
def test_sizes_in_other_units_are_read(size, imported):
    assert [node.memory for node in imported("numactl", TEXT.replace("4096 MB", size))[0].nodes] == [4 << 30] * 2


@pytest.mark.parametrize("line", ["No NUMA available on this system", "No NUMA support available on this system."])
def test_a_kernel_without_numa_is_told(line, imported):
    with pytest.raises(UserError, match="numactl found no NUMA there, so it tells of no CPU and no memory"):
        imported("numactl", line + "\n")


def test_wrapped_distances_are_read(imported):
    text = TEXT.replace("node   0   1\n  0:  10  21", "node   0\n   1\n  0:  10\n  21")
    assert imported("numactl", text)[0].distances == [[10, 21], [21, 10]]


def test_compressed_lists_of_cpus_are_read(case):
    spec, _ = case("numactl", "compressed.txt")
    assert cpus_of(spec) == {0: (0, 1, 2, 3, 8, 9, 10, 11), 1: (4, 5, 6, 7, 12, 13, 14, 15)}
    assert spec.distances == [[10, 21], [21, 10]]


def test_a_compressed_list_of_no_cpus_is_memory_only(imported):
    text = TEXT.replace("cpus: 4 5 6 7", "cpus: (0)").replace("cpus: 0 1 2 3", "cpus: 0-3 (4)")
    assert cpus_of(imported("numactl", text)[0]) == {0: (0, 1, 2, 3), 1: ()}


@pytest.mark.parametrize("row", ["0-3  10  21", "10, 21", "10 21 (2)"])
def test_a_line_of_distances_that_is_none_is_told_or_refused(row, imported):
    with pytest.raises(UserError, match=r"is no line of numactl|distances|nodes"):
        imported("numactl", TEXT.replace("  0:  10  21", f"  {row}"))


def test_distances_that_are_cut_off_are_told(case):
    spec, text = case("numactl", "cut-before-distances.txt")
    assert spec.distances is None
    assert "the table of distances is cut" in text


def test_lines_that_were_joined_are_read_apart(imported):
    assert imported("numactl", TEXT.replace("MB\nnode 0 free", "MB node 0 free"))[1] == imported("numactl", TEXT)[1]


@pytest.mark.parametrize("prefix", ["> ", "# ", "  | "])
def test_a_quoted_text_is_read(prefix, imported):
    quoted = "".join(f"{prefix}{line}\n" for line in TEXT.splitlines())
    assert imported("numactl", quoted)[1] == imported("numactl", TEXT)[1]


def test_lines_around_the_output_are_counted_and_the_first_three_shown(imported):
    text = imported("numactl", f"$ numactl -H\n{TEXT}\nthat is all\nfor today\nbye\n")[1]
    assert "4 lines are not numactl's, left out: line 1: '$ numactl -H'; line 14: 'that is all'; line 15:" in text


def test_a_warning_of_libnuma_is_counted(imported):
    text = TEXT.replace("node 1 cpus", "libnuma: Warning: x\nnode 1 cpus")
    assert "1 lines are not numactl's, left out: line 5: 'libnuma: Warning: x'" in imported("numactl", text)[1]


def test_nodes_that_are_not_there_are_left_out_of_an_old_numactl_s_text(imported):
    text = TEXT.replace("2 nodes (0-1)", "3 nodes (0-2)").replace(
        "node dist", "node 2 cpus:\nnode 2 size: <not available>\nnode dist"
    )
    spec, written = imported("numactl", text)
    assert cpus_of(spec) == {0: (0, 1, 2, 3), 1: (4, 5, 6, 7)}
    assert "node 2 has neither CPUs nor memory" in written


def test_the_distances_tell_which_nodes_an_old_numactl_means(imported):
    spec, written = imported("numactl", TEXT.replace("2 nodes (0-1)", "9 nodes (0-8)"))
    assert list(cpus_of(spec)) == [0, 1]
    assert "the first line tells 9 nodes; 2 are listed" in written


def test_distances_that_are_not_available_are_told(imported):
    text = TEXT[: TEXT.index("node distances")] + "No distance information available.\n"
    assert "distances are not told, those and the links are estimates" in imported("numactl", text)[1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dots", r"dots.txt:5:1: '\.\.\.' is no CPU number"),
        ("words", r"words.txt:5:1: '\(8' is no CPU number"),
        ("fewer-nodes", "4 nodes are told, 2 are listed"),
        ("cpus-not-readable", "cpus-not-readable.txt:5:1: numactl could not read the CPUs of node 1"),
    ],
)
def test_what_cannot_be_read_is_refused(name, message, case):
    with pytest.raises(UserError, match=message):
        case("numactl", f"{name}.txt")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cpus: 4 5 6 7", "cpus: 4-7 (5)", ":5:1: node 1 has 4 CPUs listed, 5 counted"),
        ("cpus: 4 5 6 7", "cpus: 7-4", ":5:1: '7-4' is no CPU number"),
        ("cpus: 4 5 6 7", "cpus: 4 5 6 4", ":5:1: CPU 4 is twice in node 1"),
        ("node 1 free", "[...]\nnode 1 free", r":7:1: '\[\.\.\.\]' is no line of numactl"),
        ("node 1 cpus: 4 5 6 7\n", "", "node 1 has a size and no line of CPUs"),
        ("node 1 cpus: 4 5 6 7\nnode 1 size: 4096 MB\n", "", "node 1 has distances and is not listed"),
        ("(0-1)", "(0,2)", "node 0,2 is told, node 0-1 is listed"),
        ("4096 MB", "4 pages", ":3:1: '4 pages' is no size"),
        ("node distances", TEXT + "node distances", ":8:1: holds 2 outputs of numactl, from lines 1, 8 on"),
        ("node 1 cpus", "node 0 cpus", ":5:1: node 0 has its cpus twice"),
        ("  1:  21  10", "  0:  21  10", ":11:1: node 0 has its distances twice"),
        ("21  10", "21  10  10", ":11:1: 3 distances in 2 columns"),
    ],
)
def test_a_text_that_does_not_agree_with_itself_is_refused(old, new, message, imported):
    with pytest.raises(UserError, match=message):
        imported("numactl", TEXT.replace(old, new, 1))

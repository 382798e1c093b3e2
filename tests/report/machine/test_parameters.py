from simslab.machine.library import load_machine
from simslab.report.machine.parameters import key_table, parameter_lines


def row(place):
    return [cell.strip() for cell in key_table([place])[2].strip("|").split("|")]


def test_a_key_has_its_range_and_its_default():
    assert row("core.outstanding")[2:] == ["1 to 256", "10"]
    assert row("tlb.l2_hit")[2:] == ["a time", "7 cycles"]
    assert row("core.prefetch")[2:] == ["`none`, `next-line`, `strides`", "none"]


def test_what_a_description_says_of_its_absence_stands_in_a_column_of_its_own():
    assert row("core.ipc_cold") == [
        "`core.ipc_cold`",
        "the same in code off the fast paths (page allocator, slab growth)",
        "0.01 to 16",
        "as ipc",
    ]
    assert row("l3.port_read")[1:] == ["what one L3 can receive from the fabric", "a bandwidth", "unlimited"]
    assert row("tlb")[1:] == ["data TLBs of each core", "its own keys", "translation costs nothing"]
    assert row("l3.other_core_exclusive")[3] == "as modified"


def test_a_key_without_a_default_must_be_given():
    assert row("dram.latency")[3] == "must be given"


def test_every_parameter_of_a_machine_is_listed_with_its_integer():
    listed = {line.split()[0]: line.split(None, 1)[1] for line in parameter_lines(load_machine("two-socket"))}
    assert listed["links[0].latency"].split() == ["26.2", "ns", "latency", "=", "68"]
    assert listed["core.ipc"].split() == ["4.8", "cpi_q16", "=", "13653"]
    assert listed["dram.bandwidth"].split() == ["18.5", "GB/s", "line_q10", "=", "1535"]
    assert listed["l1d.bandwidth"].split() == ["-", "line_q10", "=", "0"]
    assert listed["l3.scope"].split() == ["package"]

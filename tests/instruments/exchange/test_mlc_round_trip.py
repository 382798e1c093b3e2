"""Machines measured as MLC does, imported, and measured again: what comes back, and what the file's head says of it."""

import re

import pytest

from simslab.instruments.exchange.machine_file import machine_file
from simslab.instruments.exchange.mlc import read_mlc
from simslab.instruments.exchange.mlc_machine import mlc_machine
from simslab.instruments.measure.whole import measure_machine
from simslab.machine.library import load_machine
from simslab.report.machine.measure_text import measurement_text

SPEED = "latency: 40 ns, bandwidth: 30 GB/s"
EXPANDER = "{cpus: '', memory: 1 GiB, dram: {latency: 150 ns, channels: 2, bandwidth: 6 GB/s}}"
SPOKES = "{between: [0, 2], latency: 20 ns, bandwidth: 20 GB/s}, {between: [1, 2], latency: 20 ns, bandwidth: 20 GB/s}"
MACHINES = {
    "two sockets": ("two-socket", "layout.cores=6"),
    "two sockets of another kind": ("westmere-ep",),
    "rows that are missed": ("haswell-ep", "layout.cores=4"),
    "a square": ("four-socket", "layout.cores=4"),
    "packages of several L3s with ports": (
        "epyc-genoa-cxl",
        "layout.cores=1",
        "core.outstanding=30",
        "l3.port_read=30 GB/s",
        "distances=null",
        "nodes=[{each: die, memory: 1 GiB}]",
    ),
    "memory between two packages": (
        "two-socket",
        "layout.cores=6",
        "distances=null",
        f"nodes=[{{each: package, memory: 1 GiB}}, {EXPANDER}]",
        f"links=[{{between: [0, 1], {SPEED}}}, {SPOKES}]",
    ),
}
IDLE = 0.012  # of a latency: whole cycles, and rows missed by a sequential chase
NEAR = 0.08  # of a bandwidth: lines fall on channels by chance
PARTS = ("latency", "all-bandwidth")


def template_of(name, *changes):
    """Return a machine of `MACHINES` with more misses in flight: its cores can ask for all that was measured."""
    base, *own = MACHINES[name]
    places = load_machine(base, tuple(own)).core.outstanding
    return load_machine(base, (*own, f"core.outstanding={3 * places}", *changes))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return a function that gives what was measured of a machine of `MACHINES`, and the file of that."""
    known = {}

    def measure(name):
        if name not in known:
            base, *changes = MACHINES[name]
            found = measure_machine(load_machine(base, tuple(changes)), PARTS)
            path = tmp_path_factory.mktemp("mlc") / "found.txt"
            path.write_text(measurement_text(found))
            known[name] = found, path
        return known[name]

    return measure


@pytest.fixture
def again(measured, tmp_path):
    """Return a function that gives what is measured before, then after an import, and the imported file's text."""

    def run(name, links, *changes, beside="", parts=PARTS):
        before, path = measured(name)
        source = tmp_path / "found.txt"
        source.write_text(path.read_text() + beside)
        template = template_of(name, *changes)
        text = machine_file(mlc_machine(read_mlc(source), template, source, links), template, source)
        target = tmp_path / "machine.yaml"
        target.write_text(text)
        return before, measure_machine(load_machine(str(target)), parts), text

    return run


def errors(before, after):
    """Return how much more is measured of every cell, as a share of what was before, by (reader, memory)."""
    return {
        (a, b): there / here - 1
        for a, (row, rows) in enumerate(zip(before, after, strict=True))
        for b, (here, there) in enumerate(zip(row, rows, strict=True))
        if here is not None
    }


def worst_told(text, what):
    return float(re.search(rf"# {what}.*worst ([\d.]+)%", text)[1]) / 100


def beyond(found, low, high):
    return {pair: round(error, 3) for pair, error in found.items() if not low <= error <= high}


@pytest.mark.parametrize("name", MACHINES)
def test_a_matrix_comes_back(name, again):
    before, after, _ = again(name, links=False)
    assert beyond(errors(before.idle_sequential, after.idle_sequential), -IDLE, IDLE) == {}
    assert beyond(errors(before.bandwidth, after.bandwidth), -NEAR, NEAR) == {}


@pytest.mark.parametrize("name", MACHINES)
def test_links_give_back_what_the_files_head_says(name, again):
    before, after, text = again(name, links=True)
    slow = worst_told(text, "links and memories by least squares") + IDLE
    assert beyond(errors(before.idle_sequential, after.idle_sequential), -slow, slow) == {}
    assert beyond(errors(before.idle_random, after.idle_random), -slow, slow) == {}
    wide = worst_told(text, "bandwidths, the least on each way")
    assert beyond(errors(before.bandwidth, after.bandwidth), -NEAR, wide + NEAR) == {}


def test_random_access_comes_back_where_the_template_knows_no_row_misses(again):
    before, after, _ = again("rows that are missed", True, "dram.row_miss=0 ns", parts=("latency",))
    assert beyond(errors(before.idle_random, after.idle_random), -IDLE, IDLE) == {}


@pytest.mark.parametrize("links", [False, True])
def test_traffic_of_packages_does_not_cross_memory_between_them(links, again):
    before, after, _ = again("memory between two packages", links)
    assert before.bandwidth[0][1] > 1.2 * before.bandwidth[0][2]
    assert after.bandwidth[0][1] == pytest.approx(before.bandwidth[0][1], rel=NEAR)


SWEEP = """
Measuring Loaded Latencies for the system
Inject  Latency Bandwidth
===========
 00002   88.00    40000.0
 00050   88.40    20000.0
 00500   88.00     2000.0
"""


def test_a_sweep_that_cores_did_not_fill_leaves_a_node_what_its_matrix_says(again):
    """Its latencies are flat within noise: a point with more bandwidth counts all the same."""
    before, after, text = again("two sockets", False, beside=SWEEP, parts=("all-bandwidth",))
    assert "became the curve" in text
    assert beyond(errors(before.bandwidth, after.bandwidth), -NEAR, NEAR) == {}


def test_a_templates_curve_does_not_cap_what_was_measured(again):
    curve = "dram.queue={impl: curve, points: [[1 GB/s, 79 ns], [9 GB/s, 96 ns]]}"
    before, after, _ = again("two sockets", False, curve, parts=("all-bandwidth",))
    assert beyond(errors(before.bandwidth, after.bandwidth), -NEAR, NEAR) == {}

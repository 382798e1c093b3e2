"""What the model measures for each metric, and when it says that a row cannot be compared."""

import pytest

from simslab.base.units import parse_duration
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import UNJUDGED, Cell, Row, Skipped
from simslab.machine.library import load_machine

SMALL = ("layout.cores=4",)


def row(metric, source="", target="", state="", value="100", unit="ns"):
    return Row(2, "m", metric, source, target, state, value, unit)


def answers(name="two-socket", *changes):
    return Answers(load_machine(name, (*SMALL, *changes)))


@pytest.fixture(scope="module")
def two_socket():
    return answers()


def only(of, *args, **more):
    (found,) = of.answer([row(*args, **more)])
    return found


def test_a_row_is_told_in_its_own_unit(two_socket):
    timing = two_socket.prober.machine.timing
    cycles = only(two_socket, "dram_idle_latency", "node0", "node1", "random", unit="cycles")
    nanoseconds = only(two_socket, "dram_idle_latency", "node0", "node1", "random")
    assert (cycles.kind, nanoseconds.kind) == ("idle latency", "idle latency")
    assert nanoseconds.measured == pytest.approx(two_socket.prober.ns(cycles.measured))
    assert cycles.measured == pytest.approx(timing.dram_latency(0, 1), rel=0.05)


def test_cache_levels_are_those_of_the_machine(two_socket):
    assert [only(two_socket, f"{level}_latency", unit="cycles").measured for level in ("l1", "l2")] == [4, 14]
    alone = Answers(load_machine("knights-landing"))
    assert only(alone, "l3_latency").reason == "the machine has no L3"


def test_another_packages_memory_costs_more_by_two_hops(two_socket):
    extra = only(two_socket, "dram_remote_extra", state="random")
    near, far = (only(two_socket, "dram_idle_latency", "node0", f"node{n}", "random").measured for n in (0, 1))
    assert (extra.kind, extra.measured) == (UNJUDGED, pytest.approx(far - near))
    assert only(answers("one-node"), "dram_remote_extra").reason == "the machine has one package"


@pytest.mark.parametrize(("state", "modified"), [("HITM", True), ("M/E", True), ("HIT", False), ("E", False)])
def test_a_transfer_depends_on_the_state_of_the_line(state, modified):
    of = answers("ivy-bridge-ep")
    told = only(of, "c2c_latency", "core", "same package", state).measured
    clean, dirty = (only(of, "c2c_latency", "core", "same package", word).measured for word in ("E", "M"))
    assert clean < dirty
    assert told == (dirty if modified else clean)


def test_a_transfer_whose_state_is_not_told_is_a_ping_pong(two_socket):
    assert only(two_socket, "c2c_latency", "core", "other socket").measured == pytest.approx(
        only(two_socket, "cas_pingpong_oneway", "core", "other socket").measured
    )


@pytest.mark.parametrize(("state", "home"), [("HITM", 0), ("HITM home=writer", 0), ("HITM home=reader", 1)])
def test_a_transfers_home_is_the_owners_unless_said(monkeypatch, state, home):
    asked = []

    def transfer(_prober, *ends):
        asked.append(ends)
        return 100.0

    monkeypatch.setattr("simslab.instruments.reference.answers.transfer", transfer)
    of = answers()
    only(of, "c2c_latency", "node0", "node1", state)
    owner, reader = (node.cpus[0] for node in of.topology.nodes)
    assert asked == [(owner, reader, home, "modified")]


def test_bandwidths_are_told_in_gigabytes(two_socket):
    channels = load_machine("two-socket").dram.channels
    local = only(answers("two-socket", "core.outstanding=40"), "dram_read_bandwidth", "node0", "node0", unit="GB/s")
    assert (local.kind, local.measured) == ("bandwidth", pytest.approx(18.5 * channels, rel=0.05))
    unmixed = only(two_socket, "dram_peak_bandwidth", state="no mix", unit="GB/s")
    assert unmixed.reason == "no mix called no mix"
    unstated = only(two_socket, "l2_bandwidth", unit="GB/s")
    assert unstated.reason == "the machine file states no bandwidth of its L2"


@pytest.mark.parametrize(
    ("metric", "source", "state", "first", "second", "factor"),
    [
        ("dram_idle_latency", "node0", "random", "ns", "us", 1000),
        ("dram_read_bandwidth", "node0", "", "MB/s", "GB/s", 1000),
        ("instruction_cost", "", "pause", "us", "ms", 1000),
    ],
)
def test_what_is_measured_is_told_in_the_rows_unit(two_socket, metric, source, state, first, second, factor):
    small, large = (only(two_socket, metric, source, source, state, unit=unit).measured for unit in (first, second))
    assert small == pytest.approx(large * factor)


@pytest.mark.parametrize(
    ("metric", "unit", "reason"),
    [
        ("dram_idle_latency", "clocks", "dram_idle_latency in 'clocks'"),
        ("dram_idle_latency", "GB/s", "dram_idle_latency in 'GB/s'"),
        ("dram_read_bandwidth", "ns", "dram_read_bandwidth in 'ns'"),
        ("instruction_cost", "B/cycle", "the instruction works on no string of bytes"),
    ],
)
def test_a_figure_in_a_unit_of_something_else_is_no_comparison(two_socket, metric, unit, reason):
    assert only(two_socket, metric, "node0", "node0", "pause", unit=unit).reason == reason


def test_more_cores_read_more(two_socket):
    one, two = (only(two_socket, "dram_read_bandwidth_scan", f"{n} cores", unit="GB/s").measured for n in (1, 2))
    assert two == pytest.approx(2 * one, rel=0.1)


def test_a_stream_of_a_node_is_of_one_with_cpus():
    memory_first = "nodes=[{cpus: '', memory: 1 GiB}, {package: 0, memory: 1 GiB}, {package: 1, memory: 1 GiB}]"
    usual, of = answers(), answers("two-socket", memory_first, "links.upi.between=all", "distances=null")
    assert of.topology.cpus[0].node == 1
    streamed = only(of, "stream_node", unit="GB/s").measured
    assert streamed == pytest.approx(only(usual, "stream_node", unit="GB/s").measured, rel=0.02)


def test_a_stream_of_the_socket_uses_all_its_nodes():
    of = Answers(load_machine("epyc-rome-nps4", ("layout.cores=1",)))
    node, socket = (only(of, metric, unit="GB/s").measured for metric in ("stream_node", "stream_socket"))
    assert socket == pytest.approx(4 * node, rel=0.05)


def test_distances_are_counted_that_are_equal(two_socket):
    cell = only(two_socket, "slit_row", "node1", value="21 11", unit="SLIT")
    assert (cell.kind, cell.measured, cell.published) == ("distance", 1, 2)


@pytest.mark.parametrize(
    ("metric", "state", "cycles"),
    [
        ("instruction_cost", "pause", lambda timing: timing.kernel.pause),
        ("instruction_cost", "xchg_m64", lambda timing: timing.kernel.atomic),
        ("kernel_op", "local_irq_save+restore", lambda timing: timing.kernel.irq_save + timing.kernel.irq_restore),
        ("kernel_op", "local_irq_disable+enable", lambda timing: timing.kernel.cli + timing.kernel.sti),
    ],
)
def test_costs_are_those_of_the_machine_file(two_socket, metric, state, cycles):
    cell = only(two_socket, metric, state=state, unit="cycles")
    assert (cell.kind, cell.measured) == ("cost", cycles(two_socket.prober.machine.timing))


def test_costs_of_the_translation_are_those_of_the_machine_file(two_socket):
    timing, spec = two_socket.prober.machine.timing, two_socket.spec
    walk = only(two_socket, "tlb_1g_miss", unit="cycles").measured
    assert walk >= spec.tlb.walk.cycles(timing.frequency_hz) + timing.caches.l1.latency
    hit = parse_duration("9 cycles").cycles(timing.frequency_hz)
    assert only(two_socket, "l2tlb_hit_extra", unit="cycles").measured == hit


@pytest.mark.parametrize(
    ("metric", "state"), [("instruction_cost", "div"), ("kernel_op", "clear_page"), ("weather", "")]
)
def test_what_the_model_does_not_charge_is_no_comparison(two_socket, metric, state):
    found = only(two_socket, metric, state=state)
    assert isinstance(found, Skipped)
    assert found.reason


def test_a_metric_that_nothing_answers_to_is_told_with_the_near_one(two_socket):
    found = only(two_socket, "dram_idle_latancy")
    assert found.reason == "nothing in the model answers to dram_idle_latancy; did you mean 'dram_idle_latency'?"


def test_a_bound_is_told_as_one(two_socket):
    assert only(two_socket, "dram_idle_latency", "node0", "node0", value=">270").reason == "a bound, not a figure"


def test_a_measured_value_within_a_published_range_has_no_error(two_socket):
    measured = only(two_socket, "l2_latency", unit="cycles").measured
    assert only(two_socket, "l2_latency", value=f"{measured - 2}-{measured + 2}", unit="cycles").error == 0
    assert (
        only(two_socket, "l2_latency", value=f"{measured + 2}-{measured + 9}", unit="cycles").published == measured + 2
    )


def test_one_measurement_answers_every_row_that_asks_for_it(two_socket, monkeypatch):
    from simslab.instruments.measure import idle

    before = only(two_socket, "dram_idle_latency", "node1", "node1", "random").measured
    monkeypatch.setattr(idle, "idle_latency", None)
    assert only(two_socket, "dram_idle_latency", "node1", "node1", "random").measured == before


def test_a_curve_is_answered_at_each_point_and_judged_by_knee_and_plateau(monkeypatch):
    from simslab.instruments.measure import loaded
    from simslab.instruments.measure.loaded import LoadPoint

    points = [LoadPoint(0, 200.0, 90.0), LoadPoint(100, 120.0, 50.0), LoadPoint(20000, 100.0, 10.0)]
    monkeypatch.setattr(loaded, "loaded_curve", lambda spec, sequential: points)
    rows = [row("dram_loaded_latency", state=f"total_bw={gb}", value=str(ns)) for gb, ns in ((10, 100), (70, 160))]
    first, second, knee, plateau = answers().answer(rows)
    assert [(cell.kind, cell.measured) for cell in (first, second)] == [(UNJUDGED, 100), (UNJUDGED, 160)]
    assert (knee.kind, knee.measured, knee.published) == ("knee", pytest.approx(65), pytest.approx(60))
    assert (plateau.kind, plateau.measured, plateau.published) == ("plateau", 200.0, 100.0)
    assert isinstance(knee, Cell)


def test_a_curve_may_be_in_other_units(monkeypatch):
    from simslab.instruments.measure import loaded
    from simslab.instruments.measure.loaded import LoadPoint

    points = [LoadPoint(0, 200.0, 90.0), LoadPoint(100, 120.0, 50.0), LoadPoint(20000, 100.0, 10.0)]
    monkeypatch.setattr(loaded, "loaded_curve", lambda spec, sequential: points)
    figures = ((10000, "0.1"), (70000, "0.16"))
    rows = [row("dram_loaded_latency", state=f"total_bw={mb} MB/s", value=us, unit="us") for mb, us in figures]
    first, second, knee, plateau = answers().answer(rows)
    assert [(cell.measured, cell.published) for cell in (first, second)] == [(0.1, 0.1), (0.16, 0.16)]
    assert (knee.published, plateau.published) == (pytest.approx(60), 100.0)


@pytest.mark.parametrize("unit", ["gB/s", "Gbit/s", "MBps", "GB", "GB/s/core"])
def test_a_load_in_an_unknown_unit_is_no_comparison(two_socket, unit):
    for blank in ("", " "):
        found = only(two_socket, "dram_loaded_latency", state=f"total_bw=10{blank}{unit}")
        assert found.reason == f"total_bw in {unit}"
    assert only(two_socket, "dram_loaded_latency", state="total_bw=10e").reason == "total_bw in e"


def test_a_word_behind_a_load_that_is_no_unit_says_something_else(two_socket):
    plain, worded = (
        answers().answer([row("dram_loaded_latency", state=f"total_bw=10{words}", value="100")])[0]
        for words in ("", " random")
    )
    assert plain.measured == worded.measured


@pytest.mark.parametrize(
    ("state", "gb"),
    [("1e2 GB/s", 100), ("1.5E-1", 0.15), ("2e+3MB/s; inject_delay=0", 2), ("7 (one node)", 7), ("7, random", 7)],
)
def test_a_load_may_have_an_exponent_and_words_apart_behind_it(monkeypatch, state, gb):
    from simslab.instruments.measure import loaded
    from simslab.instruments.measure.loaded import LoadPoint

    monkeypatch.setattr(loaded, "loaded_curve", lambda spec, sequential: [LoadPoint(0, 200.0, 90.0)])
    knee = answers().answer([row("dram_loaded_latency", state=f"total_bw={state}")])[1]
    assert knee.published == pytest.approx(gb)


def test_a_load_with_a_comma_between_its_digits_is_no_comparison(two_socket):
    found = only(two_socket, "dram_loaded_latency", state="total_bw=1,000 GB/s")
    assert found.reason == "the state tells no total_bw=NUMBER"

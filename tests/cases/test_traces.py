"""Recorded traces: what is read of each case's lines, and what is said of the others."""

import pytest
from shared_cases import case, cycles, operations

DEFAULT = ("one-node", "workload.yaml")


def told(simslab, file="workload.yaml"):
    """Return what `check` says of a file, after its name and its kind."""
    status, out, err = simslab("check", file)
    assert (status, err) == (0, "")
    return out.partition("kmem trace, ")[2].splitlines()


def skipped(measurement):
    """Return the reasons for which lines or events count apart, with their counts."""
    return measurement["trace"]["skipped"]


@case("18-trace-module-call-site")
def test_call_sites_in_modules_are_read(simslab, measured):
    assert told(simslab) == ["8 events in 14 lines, 0 lines skipped"]
    found = measured(*DEFAULT)
    assert found["conservation"] == {"allocated": 4, "freed": 4, "live": 0, "failed": 0}
    assert skipped(found) == {}


@case("19-trace-cut-in-gfp-flags")
def test_a_last_line_cut_in_its_flags_counts_as_cut(simslab, measured):
    assert told(simslab)[:2] == ["2 events in 3 lines, 1 lines skipped", "  last line, cut off: 1"]
    found = measured(*DEFAULT)
    assert found["trace"]["replayed"] == 2
    assert skipped(found) == {"last line, cut off": 1}


@case("19-trace-cut-in-gfp-flags")
def test_a_name_that_is_no_flag_never_counts_as_none(simslab, folder):
    trace = folder / "trace.txt"
    trace.write_text(trace.read_text() + "P_KE\n")
    assert told(simslab)[0] == "2 events in 3 lines, 1 lines skipped"


@case("21-trace-old-gfp-names")
def test_flags_of_old_kernels_mean_what_they_mean_today(measured, folder):
    before = measured(*DEFAULT)
    trace = folder / "trace.txt"
    trace.write_text(trace.read_text().replace("GFP_ZERO", "__GFP_ZERO"))
    after = measured(*DEFAULT)
    assert cycles(before, "alloc", "grow") == cycles(after, "alloc", "grow")
    assert sum(row["causes"].get("clear", 0) for row in before["attribution"]) > 0
    trace.write_text(trace.read_text().replace("|__GFP_ZERO", ""))
    assert sum(row["causes"].get("clear", 0) for row in measured(*DEFAULT)["attribution"]) == 0


@case("22-trace-null-pointers")
def test_null_pointers_are_read_however_they_are_printed(simslab, measured):
    assert told(simslab)[0] == "5 events in 5 lines, 0 lines skipped"
    found = measured(*DEFAULT)
    assert operations(found, "free") == {}
    assert skipped(found) == {
        "free of NULL": 3,
        "free of an object allocated before the recording": 1,
        "never freed (allocated, not skipped)": 1,
    }


@case("23-trace-lost-events")
def test_lost_events_are_told_and_no_lines(simslab, measured):
    lost = {"events lost while recording": 15, "gaps of unknown size while recording (events lost)": 2}
    lost |= {"never freed (allocated, not skipped)": 1}
    assert told(simslab) == ["3 events in 8 lines, 0 lines skipped", *(f"  {k}: {v}" for k, v in lost.items())]
    assert skipped(measured(*DEFAULT)) == lost


@case("24-trace-call-chains")
@pytest.mark.parametrize(("file", "lines", "chain"), [("workload.yaml", 7, 3), ("workload-ftrace.yaml", 8, 6)])
def test_call_chains_count_apart(simslab, measured, file, lines, chain):
    assert told(simslab, file) == [f"2 events in {lines} lines, 0 lines skipped", f"  line of a call chain: {chain}"]
    found = measured("one-node", file)
    assert found["trace"]["replayed"] == 2
    assert found["trace"]["unparsed_examples"] == []


@case("25-trace-fields-option")
def test_fields_printed_in_hexadecimal_are_read(simslab, measured):
    assert told(simslab) == ["2 events in 2 lines, 0 lines skipped"]
    found = measured(*DEFAULT)
    assert [(row["operation"], row["cache"]) for row in found["latency"]] == [
        ("alloc", "kmalloc-64"),
        ("free", "kmalloc-64"),
    ]


@case("26-trace-log-suffix")
@pytest.mark.parametrize("file", ["boot.log", "boot.trace"])
def test_a_trace_is_known_by_what_it_holds(simslab, measured, file):
    assert told(simslab, file) == ["2 events in 2 lines, 0 lines skipped"]
    assert measured("one-node", file)["trace"]["replayed"] == 2


@case("fault-14-hang-after-300-simulated-seconds")
def test_a_recording_of_310_seconds_ends(measured):
    found = measured("one-node", "tr310.yaml")
    assert found["trace"]["replayed"] == 4
    assert found["cycles"] == pytest.approx(310.0001 * found["frequency_hz"], rel=1e-9)


@case("fault-16-trace-without-size-segfault")
@pytest.mark.parametrize("command", [("check",), ("run", "two-socket")])
@pytest.mark.parametrize("sizes", ["", " bytes_req=0 bytes_alloc=0"])
def test_an_allocation_without_a_size_is_a_line_that_does_not_parse(refused, folder, command, sizes):
    trace = folder / "tr.txt"
    trace.write_text(trace.read_text().rstrip("\n") + sizes + "\n")
    assert "tr.txt: no kmem event in 1 lines (1 line that does not parse)" in refused(*command, "w.yaml")


@case("fault-17-trace-gfp-text")
@pytest.mark.parametrize("command", [("check",), ("run", "two-socket")])
@pytest.mark.parametrize("flags", ["FOO", "(null)", "GFP_KERNEL|0xg", "0xffffffffffffffff"])
def test_flags_that_no_kernel_prints_are_a_line_that_does_not_parse(refused, folder, command, flags):
    trace = folder / "tr.txt"
    trace.write_text(trace.read_text().replace("FOO", flags))
    assert "tr.txt: no kmem event in 1 lines (1 line that does not parse)" in refused(*command, "w.yaml")


@case("fault-18-trace-with-frees-only")
@pytest.mark.parametrize("command", [("check",), ("run", "two-socket")])
@pytest.mark.parametrize("timing", ["", "trace.timing=recorded"])
def test_a_trace_of_which_nothing_can_be_replayed_is_refused(refused, folder, command, timing):
    settings = ("--set", timing) if timing and command[0] == "run" else ()
    err = refused(*command, "w.yaml", *settings)
    assert "tr.txt: nothing in the trace can be replayed: 1 free of an object allocated before the recording" in err


@case("fault-23-recorded-times-overflow")
@pytest.mark.parametrize("seconds", [4000000000, 3000000000])
def test_a_recording_longer_than_can_be_simulated_is_refused(refused, folder, seconds):
    trace = folder / "tr.txt"
    trace.write_text(trace.read_text().replace("4000000000", str(seconds)))
    err = refused("run", "two-socket", "w.yaml")
    assert f"trace.timing: the recording lasts {seconds - 1} s, longer than can be simulated" in err

"""What goes wrong from outside: one message a mistake, status 2, nothing lost."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import LONG_COMPARE, LONG_RUN, at_work, finished, heed_interrupts, start

from simslab.base.shipped import find_shipped


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b.yaml"])
def test_a_name_that_no_file_can_have_is_one_message(refused, name):
    assert refused("check", name)


def test_a_workload_whose_name_no_file_can_have_is_told_as_what_cannot_be_read(refused):
    assert "cannot be read: File name too long" in refused("run", "one-node", "x" * 5000 + ".yaml")


def test_a_trace_whose_name_no_file_can_have_is_one_message(refused, tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text('trace: {file: "a\\0b"}\n')
    assert refused("check", path)


LATIN = os.fsdecode(b"l\xfc")  # a name by a system that was not in UTF-8


@pytest.mark.parametrize(
    "command", [("run",), ("sweep", "--axis", "core.ipc=1,2"), ("compare", "--variant", "a:scale=1")]
)
@pytest.mark.parametrize(("place", "suffix"), [(0, ".yaml"), (1, ".yaml"), (1, ".txt")])
def test_an_input_whose_name_is_no_text_is_refused_as_results_name_it(
    refused, tmp_path, monkeypatch, command, place, suffix
):
    monkeypatch.chdir(tmp_path)
    inputs = ["one-node", "local-churn"]
    kept = find_shipped("workloads" if place else "machines", inputs[place]).read_bytes()
    inputs[place] = LATIN + suffix
    Path(inputs[place]).write_bytes(kept)
    assert f"l\\xfc{suffix}: has a name with bytes that are no text here" in refused(*command, *inputs)


def test_a_result_in_a_folder_whose_name_is_no_text_can_be_shown_drawn_and_made_again(simslab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["simslab", "run", "one-node", "local-churn", "--set", "scale=0.005", "--out", LATIN]
    monkeypatch.setattr("sys.argv", command)
    assert simslab(*command[1:])[0] == 0
    monkeypatch.setattr("sys.argv", ["simslab"])
    for again in (("show", LATIN), ("plot", LATIN, "other=" + LATIN, "--out", "a.svg"), ("reproduce", LATIN)):
        assert simslab(*again)[0] == 0, again


@pytest.mark.parametrize(
    "option", [("describe", "one-node", "--draw"), ("measure", "one-node", "--part", "cache", "--plot")]
)
@pytest.mark.parametrize("name", ["a.bmp", "a", "missing/a.png", ""])
def test_a_figure_that_cannot_be_written_is_refused_before_the_work(refused, monkeypatch, tmp_path, option, name):
    monkeypatch.chdir(tmp_path)
    assert refused(*option, name)
    assert list(tmp_path.iterdir()) == []


def test_an_export_goes_through_what_is_no_ordinary_file(simslab, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert simslab("export", "hwloc", "one-node", "--out", pipe)[0] == 0
    assert reader.communicate()[0].startswith("<?xml")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is no name of a file"),
        (".", "is no name of a file"),
        ("missing/x.xml", "cannot be written: No such file or directory"),
    ],
)
def test_an_export_that_cannot_be_written_is_one_message(refused, name, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in refused("export", "hwloc", "one-node", "--out", name)


@pytest.mark.parametrize("path", ["nodes[" + "9" * 5000 + "].memory=1", "links.upi.bandwidth=34", "core.ipc=1e-9"])
def test_a_setting_out_of_all_bounds_is_one_message(refused, path):
    assert refused("run", "two-socket", "mixed-remote", "--set", path)


def test_a_bandwidth_without_its_unit_is_told_the_unit(refused):
    err = refused("run", "two-socket", "mixed-remote", "--set", "links.upi.bandwidth=34")
    assert "a bandwidth of 34 bytes/s; expected at least 1 MB/s" in err


def test_a_node_too_small_for_the_kernel_is_the_users_mistake(refused):
    assert "too little memory" in refused("run", "two-socket", "mixed-remote", "--set", "nodes[0].memory=1 MiB")


def test_a_number_too_long_is_told_once(refused, tmp_path):
    text = find_shipped("machines", "two-socket").read_text()
    path = tmp_path / "m.yaml"
    path.write_text(text.replace("ways: 8", "ways: " + "9" * 5000))
    assert "is not a usable number" in refused("check", path)


def test_a_variant_that_the_machine_cannot_run_is_named(refused):
    arguments = ("compare", "one-node", "local-churn", "--set", "scale=0.01", "--seeds", 1)
    err = refused(*arguments, "--variant", "odd:threads[0].cpus=node7")
    assert "--variant odd: threads[0].cpus=node7" in err


def test_a_full_disk_leaves_no_half_result(tmp_path):
    import resource

    arguments = ("run", "one-node", "local-churn", "--set", "scale=0.01", "--out", tmp_path / "out")
    limit = (20_000, 20_000)
    no_bytecode = {"PYTHONDONTWRITEBYTECODE": "1"}  # it would be cut short, for every process that comes after
    status, _, err = finished(
        *arguments,
        environment=no_bytecode,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert status == 2
    assert "cannot be written: File too large" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_an_output_that_is_full_is_one_message():
    with open("/dev/full", "w") as full:
        status, _, err = finished("list", stdout=full)
    assert status == 2
    assert err == "simslab: standard output: cannot be written: No space left on device\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(("arguments", "processes"), [(LONG_RUN, 1), (LONG_COMPARE, 2)])
def test_a_stopped_command_ends_at_once_and_leaves_nothing(tmp_path, number, status, arguments, processes):
    out = ("--out", tmp_path / "out")
    with start(*arguments, *out, start_new_session=True, preexec_fn=heed_interrupts) as process:
        try:
            at_work(process, processes)
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)  # returns when the last process that holds the pipes is gone
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []

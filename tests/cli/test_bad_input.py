"""What goes wrong from outside: one message a mistake, status 2, nothing lost."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from simslab.base.shipped import find_shipped
from simslab.cli.main import main

RUN = [sys.executable, "-c", "from simslab.cli.main import main; main()"]
LONG = ["run", "two-socket", "mixed-remote", "--set", "scale=100"]


@pytest.fixture
def simslab(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["simslab", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b.yaml"])
def test_a_name_that_no_file_can_have_is_one_message(simslab, name):
    status, out, err = simslab("check", name)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1


def test_a_trace_whose_name_no_file_can_have_is_one_message(simslab, tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text('trace: {file: "a\\0b"}\n')
    assert simslab("check", path)[0] == 2


@pytest.mark.parametrize(
    "option", [("describe", "one-node", "--draw"), ("measure", "one-node", "--part", "cache", "--plot")]
)
@pytest.mark.parametrize("name", ["a.bmp", "a", "missing/a.png", ""])
def test_a_figure_that_cannot_be_written_is_refused_before_the_work(simslab, monkeypatch, tmp_path, option, name):
    monkeypatch.chdir(tmp_path)
    status, out, err = simslab(*option, name)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_export_goes_through_what_is_no_ordinary_file(simslab, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert simslab("export", "hwloc", "one-node", "--out", pipe)[0] == 0
    assert reader.communicate()[0].startswith("<?xml")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("name", ["", "missing/x.xml", "."])
def test_an_export_that_cannot_be_written_is_one_message(simslab, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = simslab("export", "hwloc", "one-node", "--out", name)
    assert (status, err.count("\n")) == (2, 1)
    assert "cannot be written" in err


@pytest.mark.parametrize("path", ["nodes[" + "9" * 5000 + "].memory=1", "links.upi.bandwidth=34", "core.ipc=1e-9"])
def test_a_setting_out_of_all_bounds_is_one_message(simslab, path):
    status, out, err = simslab("run", "two-socket", "mixed-remote", "--set", path)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1


def test_a_bandwidth_without_its_unit_is_told_the_unit(simslab):
    err = simslab("run", "two-socket", "mixed-remote", "--set", "links.upi.bandwidth=34")[2]
    assert "a bandwidth of 34 bytes/s; expected at least 1 MB/s" in err


def test_a_node_too_small_for_the_kernel_is_the_users_mistake(simslab):
    status, _, err = simslab("run", "two-socket", "mixed-remote", "--set", "nodes[0].memory=1 MiB")
    assert status == 2
    assert "too little memory" in err


def test_a_number_too_long_is_told_once(simslab, tmp_path):
    text = find_shipped("machines", "two-socket").read_text()
    path = tmp_path / "m.yaml"
    path.write_text(text.replace("ways: 8", "ways: " + "9" * 5000))
    status, _, err = simslab("check", path)
    assert (status, err.count("\n")) == (2, 1)
    assert "is not a usable number" in err


def test_a_variant_that_the_machine_cannot_run_is_named(simslab):
    arguments = ("compare", "one-node", "local-churn", "--set", "scale=0.01", "--seeds", 1)
    status, _, err = simslab(*arguments, "--variant", "odd:threads[0].cpus=node7")
    assert status == 2
    assert "--variant odd: threads[0].cpus=node7" in err


def heed_interrupts():
    """In a child: take SIGINT as a terminal's command does; a shell's background commands inherit it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_full_disk_leaves_no_half_result(tmp_path):
    import resource

    done = subprocess.run(
        [*RUN, "run", "one-node", "local-churn", "--set", "scale=0.01", "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        check=False,
    )
    assert done.returncode == 2
    assert "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_an_output_that_is_full_is_one_message():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*RUN, "list"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False
        )
    assert done.returncode == 2
    assert done.stderr == "simslab: standard output: cannot be written: No space left on device\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("arguments", [LONG, ["compare", *LONG[1:], "--jobs", "2", "--variant", "more:scale=200"]])
def test_a_stopped_command_ends_at_once_and_leaves_nothing(tmp_path, number, status, arguments):
    with subprocess.Popen(
        [*RUN, *arguments, "--out", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        preexec_fn=heed_interrupts,
    ) as process:
        try:
            time.sleep(2.5)
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)  # returns when the last process that holds the pipes is gone
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []

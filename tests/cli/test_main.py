import gc
import json
import os
import signal
import subprocess
import sys

import pytest

from simslab import __version__
from simslab.__main__ import main as entry
from simslab.base.shipped import find_shipped


def test_the_version_tells_the_build(simslab):
    status, out, _ = simslab("--version")
    assert status == 0
    assert out.startswith((f"simslab {__version__}, compiled", f"simslab {__version__}, plain"))


def test_the_list_names_machines_and_workloads(simslab):
    status, out, _ = simslab("list")
    assert status == 0
    assert "  two-socket " in out
    assert "  untar-rm " in out


def test_the_parameters_of_a_machine_are_listed_with_overrides(simslab):
    status, out, _ = simslab("describe", "two-socket", "--parameters", "--set", "links.upi.latency=100 ns")
    assert status == 0
    assert "links[0].latency              100 ns         latency = 260\n" in out
    assert "available:" not in out


def test_a_machine_is_described_with_overrides(simslab, tmp_path):
    status, out, _ = simslab("describe", "two-socket", "--draw", tmp_path / "m.png")
    assert status == 0
    assert "2 packages" in out
    assert (tmp_path / "m.png").stat().st_size > 1000


def test_an_unknown_machine_is_one_line_and_status_2(refused):
    assert "did you mean 'two-socket'?" in refused("describe", "two-sokcet")


def test_check_tells_every_mistake_of_every_file(simslab, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("coers: 3\nname: [x]\nname: y\n")
    worse = tmp_path / "worse.yaml"
    worse.write_bytes(b"\xff\x00")
    status, _, err = simslab("check", bad, worse)
    assert status == 2
    assert f"{bad}:1:1: coers: unknown key 'coers'" in err
    assert f"{bad}:3:1: name: duplicate key 'name'" in err
    assert f"{worse}:1:1: is not text" in err
    assert "Traceback" not in err


def test_check_tells_the_kind_of_a_good_file(simslab):
    files = [find_shipped("machines", "one-node"), find_shipped("workloads", "local-churn")]
    status, out, _ = simslab("check", *files)
    assert status == 0
    assert out.startswith(f"{files[0]}: ok, machine\n{files[1]}: ok, workload\n")


def test_check_of_a_machine_and_a_workload_tells_whether_they_go_together(simslab, tmp_path):
    for files in (("two-socket", "mixed-remote"), ("mixed-remote", "two-socket")):
        status, out, _ = simslab("check", *files)
        assert (status, out.splitlines()[-1]) == (0, "mixed-remote on two-socket: ok")
    far = tmp_path / "far.yaml"
    far.write_text("threads: [{name: t, cpus: node7, steps: [{pattern: work, time: 1 us}]}]\n")
    status, _, err = simslab("check", "one-node", far)
    assert (status, f"{far}:1:27: threads[0].cpus: the machine has no node 7" in err) == (2, True)
    status, out, _ = simslab("check", "two-socket", "one-node")
    assert (status, out) == (0, "two-socket: ok, machine\none-node: ok, machine\n")


def test_check_takes_shipped_names(simslab):
    status, out, _ = simslab("check", "two-socket", "mixed-remote")
    assert (status, out.splitlines()[:2]) == (0, ["two-socket: ok, machine", "mixed-remote: ok, workload"])
    status, out, _ = simslab("check", "untar-rm")
    assert status == 0
    assert out.startswith("untar-rm: ok, workload of a kmem trace, 18155 events")


def test_check_tells_the_near_shipped_name(refused):
    assert "did you mean 'two-socket'?" in refused("check", "two-sokcet")


def test_check_still_takes_a_file_without_a_suffix(simslab, tmp_path, monkeypatch):
    (tmp_path / "mine").write_text(find_shipped("machines", "one-node").read_text())
    monkeypatch.chdir(tmp_path)
    assert simslab("check", "mine") == (0, "mine: ok, machine\n", "")


def test_check_tells_what_no_machine_could_run(simslab, tmp_path):
    step = "{pattern: alloc_free, kmalloc: 64, operations: 10}"
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"threads: [{{name: a, cpus: '0-3,2', steps: [{step}]}}, {{name: b, cpus: none, steps: [{step}]}}]")
    status, _, err = simslab("check", bad)
    assert status == 2
    assert "threads[0].cpus: CPU 2 is listed twice" in err
    assert "threads[1].cpus: 'none' names no CPUs" in err


def test_check_reads_a_workload_s_trace(simslab):
    workload = find_shipped("workloads", "untar-rm")
    status, out, _ = simslab("check", workload, workload.with_suffix(".txt.gz"))
    assert status == 0
    assert out.count("kmem trace, 18155 events") == 2


def test_a_truncated_trace_is_one_line_and_status_2(refused, tmp_path):
    whole = find_shipped("workloads", "untar-rm").with_suffix(".txt.gz").read_bytes()
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    err = refused("check", cut)
    assert err.startswith(f"{cut}: ")
    assert "truncated" in err


@pytest.mark.parametrize("kind", ["machine", "workload", "result"])
def test_schemas_are_json(simslab, kind):
    status, out, _ = simslab("schema", kind)
    assert status == 0
    assert json.loads(out)["properties"]


def test_an_unknown_schema_names_the_near_one(refused):
    assert "did you mean 'machine'?" in refused("schema", "machne")


def test_an_unknown_command_is_status_2(simslab):
    assert simslab("rnu")[0] == 2


def test_help_loads_nothing_that_only_a_simulation_needs():
    code = (
        "import sys; sys.argv = ['simslab', '--help']\n"
        "from simslab.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'pydantic', 'matplotlib', 'scipy', 'simpy', 'yaml') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("[]\n")


def test_an_interrupt_while_modules_are_loaded_is_no_traceback(tmp_path):
    program = (
        "import builtins, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "load = builtins.__import__\n"
        "def loading(name, *rest):\n"
        "    if name == 'simslab.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return load(name, *rest)\n"
        "builtins.__import__ = loading\n"
        "from simslab.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


@pytest.fixture
def own_collector():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("own_collector")
def test_the_command_has_the_handler_that_was_there(monkeypatch):
    seen = []
    monkeypatch.setattr("simslab.cli.main.main", lambda: seen.append(signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    entry()
    assert seen == [before]


@pytest.mark.usefixtures("own_collector")
@pytest.mark.parametrize("given", [None, "3"])
def test_the_command_asks_for_one_thread_of_openblas_unless_the_user_does(monkeypatch, given):
    seen = []
    monkeypatch.setattr("simslab.cli.main.main", lambda: seen.append(os.environ["OPENBLAS_NUM_THREADS"]))
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")  # put back at the end, whatever the command sets
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", given or "")
    if given is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    entry()
    assert seen == [given or "1"]

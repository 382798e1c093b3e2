import io
import os
import subprocess
import sys

import pytest

from simslab.cli.terminal.streams import PlainText, own_environment, plain_streams, terminal
from simslab.instruments.exchange.hwloc.export import export_hwloc
from simslab.machine.library import load_machine

COMMAND = f"{sys.executable} -m simslab"


def shell(command, folder, **environment):
    """Run a line of shell in `folder`; status, output and complaints."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ | environment
    )
    return done.returncode, done.stdout, done.stderr


def test_control_characters_are_written_as_escapes(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with plain_streams():
        print("\x1b[31mred")
        sys.stdout.writelines(["a\n", "b\x07\n"])
        assert terminal(sys.stdout) is stream
    assert stream.getvalue() == "\\x1b[31mred\na\nb\\x07\n"
    assert sys.stdout is stream


def test_whatever_else_is_asked_the_stream_behind_answers():
    assert PlainText(io.StringIO("text")).read() == "text"


def test_letters_that_the_encoding_lacks_are_written_as_escapes(tmp_path):
    (tmp_path / "ı.yaml").write_text("name: 5\n")
    status, _, err = shell(f"{COMMAND} check ı.yaml", tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C.UTF-8")
    assert status == 2
    assert err.startswith("\\u0131.yaml:1:")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-"])
def test_a_closed_stream_costs_nothing(tmp_path, closed):
    assert shell(f"{COMMAND} export hwloc one-node --out m.xml {closed}", tmp_path)[0] == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.xml"]
    assert (tmp_path / "m.xml").read_text() == export_hwloc(load_machine("one-node"))


def test_closed_streams_cost_nothing(tmp_path):
    run = f"{COMMAND} run one-node local-churn --set scale=0.002 --out r <&- >&- 2>&-"
    assert shell(run, tmp_path)[0] == 0
    assert (tmp_path / "r" / "manifest.json").is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == ["r"]
    assert b"Traceback" not in b"".join(file.read_bytes() for file in (tmp_path / "r").iterdir())


def test_a_list_that_nobody_can_read_is_no_failure(tmp_path):
    assert shell(f"{COMMAND} list >&-", tmp_path) == (0, "", "")


def test_a_full_output_is_one_line(tmp_path):
    status, _, err = shell(f"{COMMAND} list >/dev/full", tmp_path)
    assert (status, err) == (2, "simslab: standard output: cannot be written: No space left on device\n")


def test_matplotlib_finds_nothing_in_the_environment_that_stops_it(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://nowhere")
    monkeypatch.delenv("MATPLOTLIBRC", raising=False)
    with own_environment():
        assert os.environ["MPLBACKEND"] == "agg"
    assert os.environ["MPLBACKEND"] == "module://nowhere"
    assert "MATPLOTLIBRC" not in os.environ


def test_a_notebooks_backend_stops_no_figure(tmp_path):
    run = f"{COMMAND} run one-node local-churn --set scale=0.002 --out r"
    assert shell(run, tmp_path, MPLBACKEND="module://matplotlib_inline.backend_inline")[::2] == (0, "")
    assert (tmp_path / "r" / "latency.pdf").is_file()


def test_settings_that_matplotlib_cannot_read_are_told_before_the_work(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"backend: \xff\n")
    status, _, err = shell(f"{COMMAND} run one-node local-churn --set scale=1000 --out r", tmp_path)
    assert status == 2
    assert err.splitlines()[-1].startswith("simslab: matplotlib cannot be loaded: ")


def test_a_figure_of_the_library_needs_no_backend_of_the_environment(tmp_path):
    program = (
        "import os\nfrom simslab.report.canvas import house_style, new_figure\n"
        "with house_style(): new_figure(1.0)\nassert os.environ['MPLBACKEND'] == 'module://nowhere'"
    )
    assert shell(f'{sys.executable} -c "{program}"', tmp_path, MPLBACKEND="module://nowhere") == (0, "", "")

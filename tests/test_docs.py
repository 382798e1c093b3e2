"""Every command of the documents in docs/ runs, in order, each document in a folder of its own.

The commands of docs/experiments.md have promises of their own in test_readme.py.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ran_in
from undrawn_figures import undrawn  # noqa: F401 - used by every test here

from simslab.base.build import running_build

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMANDS = {
    path.name: [
        line
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
        for line in block.splitlines()
        if line.strip()
    ]
    for path in sorted(DOCS.glob("*.md"))
}
PYTHON = {
    path.name: re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.S) for path in DOCS.glob("*.md")
}
WITH_COMMANDS = [name for name, commands in COMMANDS.items() if commands and name != "experiments.md"]


@pytest.mark.skipif(
    running_build().kind == "plain", reason="sweeps that take plain Python hours; the bytes are the same"
)
@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_the_commands_of_a_document_run_and_write_what_they_name(name, tmp_path):
    for command in COMMANDS[name]:
        program, *arguments = shlex.split(command, comments=True)
        assert program == "simslab", command
        ran_in(tmp_path, command)
        for option in ("--out", "--plot", "--draw", "--store"):
            if option in arguments:
                assert (tmp_path / arguments[arguments.index(option) + 1]).exists(), command
    for block in PYTHON[name]:
        done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, ""), block
        assert done.stdout


def test_each_tutorial_ends_in_a_picture_that_is_there():
    text = (DOCS / "tutorials.md").read_text(encoding="utf-8")
    parts = text.split("\n## ")[1:]
    assert len(parts) == 3
    for part in parts:
        pictures = re.findall(r"!\[.+?\]\((.+?)\)", part)
        assert pictures, part[:40]
        assert all((DOCS / name).read_bytes().startswith(b"\x89PNG") for name in pictures)

"""Every command of the README does what it says; the two that install are what CI runs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.S)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
SIMSLAB = [command for command in COMMANDS if command.startswith("simslab ")]
INSTALLS = [command for command in COMMANDS if command.startswith("pip ")]


def test_the_readme_has_commands_and_no_others():
    assert len(SIMSLAB) >= 8
    assert sorted(SIMSLAB + INSTALLS) == sorted(COMMANDS)


@pytest.mark.parametrize("command", SIMSLAB)
def test_a_command_of_the_readme_runs(command, tmp_path):
    for folder in ("machines", "workloads"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    arguments = [sys.executable, "-m", "simslab.cli.main", *shlex.split(command)[1:]]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, env=os.environ, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout or any(tmp_path.iterdir())


def test_ci_runs_the_two_installing_commands():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert len(INSTALLS) == 2
    for part in ("simslab run two-socket untar-rm", "[test]", "pytest"):
        assert part in script
        assert any(part in command for command in INSTALLS)


def test_yaml_blocks_of_the_readme_are_valid(tmp_path):
    from simslab.machine.library import load_machine
    from simslab.workload.library import load_workload

    blocks = re.findall(r"```yaml\n(.*?)```", README, re.S)
    assert len(blocks) >= 3
    for number, block in enumerate(blocks):
        file = tmp_path / f"block{number}.yaml"
        file.write_text(block, encoding="utf-8")
        if "layout:" in block:
            assert load_machine(str(file)).name
        elif "trace:" not in block:
            assert load_workload(str(file)).threads

"""What `--json` prints of checks and of stored results is what its schema says, key for key."""

from pathlib import Path

from typer.testing import CliRunner

from simslab.cli.main import app
from simslab.report.json_files import FILES

SIZED = ("one-node", "local-churn", "--set", "scale=0.005", "--seeds", "2")


def printed(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_is_told_of_stored_results_has_its_schemas_keys(tmp_path):
    for name, latency in (("a", "50 ns"), ("b", "60 ns")):
        printed("run", *SIZED[:4], "--set", f"dram.latency={latency}", "--out", tmp_path / name)
    made = FILES["reproduction"].model_validate_json(printed("reproduce", tmp_path / "a", "--json"))
    assert (len(made.identical), made.different) == (4, [])
    same = FILES["differences"].model_validate_json(printed("diff", tmp_path / "a", tmp_path / "a", "--json"))
    assert (same.inputs, same.figures) == ([], [])
    done = CliRunner().invoke(app, ["diff", str(tmp_path / "a"), str(tmp_path / "b"), "--json"])
    found = FILES["differences"].model_validate_json(done.stdout)
    assert done.exit_code == 1
    assert any(row.what.endswith("dram.latency") for row in found.inputs)
    assert found.figures


def test_the_contents_of_a_store_have_their_schemas_keys(tmp_path):
    printed("sweep", *SIZED, "--axis", "core.ipc=1,2", "--metric", "latency.mean", "--store", tmp_path / "s.db")
    found = FILES["contents"].model_validate_json(printed("store", "show", tmp_path / "s.db", "--json"))
    assert (found.cells, found.parameters["core.ipc"], found.seeds) == (4, ["1", "2"], [1, 2])
    assert found.metrics == {"latency.mean": "ns"}


def test_what_check_tells_has_its_schemas_keys(tmp_path):
    good = FILES["check"].model_validate_json(printed("check", "two-socket", "mixed-remote", "--json"))
    assert [file.kind for file in good.files] == ["machine", "workload"]
    assert good.together.told == "mixed-remote on two-socket: ok"
    (tmp_path / "bad.yaml").write_text("coers: 3\n")
    (tmp_path / "far.yaml").write_text("threads: [{name: t, cpus: node7, steps: [{pattern: work, time: 1 us}]}]\n")
    for arguments in (["two-socket", tmp_path / "bad.yaml"], ["one-node", tmp_path / "far.yaml"]):
        done = CliRunner().invoke(app, ["check", *map(str, arguments), "--json"])
        told = FILES["check"].model_validate_json(done.stdout)
        assert done.exit_code == 2
        assert (told.files[1].problems or told.together.problems)[0].line == 1


def test_what_conform_tells_has_its_schemas_keys():
    record = next((Path(__file__).parents[1] / "golden").glob("kmalloc*"))
    (verdict,) = FILES["conformance"].model_validate_json(printed("conform", record, "--json")).files
    assert (verdict.difference, verdict.checks > 0) == ("", True)


def test_what_validate_tells_has_its_schemas_keys():
    done = CliRunner().invoke(app, ["validate", "--only", "i7-4790k.*pair size", "--json"])
    (row,) = FILES["validation"].model_validate_json(done.stdout).rows
    assert (row.machine, row.metric, row.unit, row.measured) == ("i7-4790k", "op", "cycles", 90.0)
    assert row.agrees == (abs(row.error) <= row.tolerance)
    assert done.exit_code == (0 if row.agrees else 1)

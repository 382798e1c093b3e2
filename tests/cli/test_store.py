import json

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "a.db"
    sweep = ["sweep", "one-node", "local-churn", "--set", "scale=0.005", "--jobs", "1", "--metric", "throughput"]
    assert CliRunner().invoke(app, [*sweep, "--axis", "core.ipc=2,4", "--store", str(path)]).exit_code == 0
    return path


def invoke(*arguments):
    done = CliRunner().invoke(app, ["store", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_a_store_is_exported(store, tmp_path):
    invoke("export", store, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().count("\n") == 3
    with pytest.raises(UserError, match="--force"):
        invoke("export", store, tmp_path / "a.csv")


def test_stores_are_merged(store, tmp_path):
    assert "2 cells, 2 runs" in invoke("merge", tmp_path / "b.db", store, store)


def test_a_dump_is_json(store):
    assert all(json.loads(line) for line in invoke("dump", store).splitlines())


def test_show_tells_what_there_is(store):
    assert "core.ipc: 2, 4" in invoke("show", store)

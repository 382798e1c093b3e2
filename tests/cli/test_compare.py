import json
from contextlib import contextmanager

from typer.testing import CliRunner

from simslab.cli.main import app

COMMON = ["compare", "one-node", "local-churn", "--set", "scale=0.02", "--seeds", "3"]
SMALL = ["--variant", "small:tunables.churn={limit: 8, batchcount: 4, shared: 1}"]


def test_a_tuning_is_compared_with_the_unmodified_arm():
    done = CliRunner().invoke(app, [*COMMON, *SMALL])
    assert done.exit_code == 0, done.output
    assert "base" in done.output
    assert "small" in done.output


def test_an_arm_that_changes_nothing_is_not_distinguishable_from_noise():
    same = ["--variant", "same:core.frequency=3.4 GHz", "--json"]
    done = CliRunner().invoke(app, [*COMMON, *same])
    document = json.loads(done.output)
    assert document["differences"]
    assert {difference["verdict"] for difference in document["differences"]} <= {
        "equal",
        "noise",
    }


def test_the_result_directory_holds_tables_figure_and_manifest(tmp_path):
    done = CliRunner().invoke(app, [*COMMON, *SMALL, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"comparison.json", "comparison.txt", "manifest.json"} <= names
    assert any(name.endswith(".pdf") for name in names)


def test_an_unknown_path_in_a_variant_is_told_with_the_variants_name():
    import pytest

    from simslab.base.errors import UserError

    with pytest.raises(UserError, match=r"bad.*frequncy"):
        CliRunner().invoke(app, [*COMMON, "--variant", "bad:core.frequncy=3 GHz"], catch_exceptions=False)


def test_a_recorded_trace_runs_once_an_arm_and_claims_no_interval():
    trace = ["compare", "one-node", "untar-rm", "--set", "scale=0.05", "--variant", "fast:core.frequency=4 GHz"]
    done = CliRunner().invoke(app, trace)
    assert done.exit_code == 0, done.output
    assert "1 seed an arm" in done.output
    assert "one run: no interval" in done.output


def test_the_progress_bar_tells_the_seeds_of_the_plan(monkeypatch):
    told = []

    @contextmanager
    def noting(what):
        told.append(what)
        yield lambda done, total: None

    monkeypatch.setattr("simslab.cli.progress.progress", noting)
    trace = ["compare", "one-node", "untar-rm", "--set", "scale=0.05", "--variant", "fast:core.frequency=4 GHz"]
    CliRunner().invoke(app, [*trace, "--seeds", "10"], catch_exceptions=False)
    CliRunner().invoke(app, [*COMMON, *SMALL], catch_exceptions=False)
    assert told == ["comparing 2 arms over 1 seed", "comparing 2 arms over 3 seeds"]


def test_a_variant_may_not_set_the_seed():
    import pytest

    from simslab.base.errors import UserError

    with pytest.raises(UserError, match="same seeds"):
        CliRunner().invoke(app, [*COMMON, "--variant", "other:seed=77"], catch_exceptions=False)


def test_an_arm_that_the_machine_cannot_run_is_the_users_error_in_any_number_of_processes():
    import pytest

    from simslab.base.errors import UserError

    wide = ["--variant", "wide:threads.workers.cpus=0-63"]
    for jobs in ("1", "2"):
        with pytest.raises(UserError):
            CliRunner().invoke(app, [*COMMON, *wide, "--jobs", jobs], catch_exceptions=False)

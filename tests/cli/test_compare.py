import json
from contextlib import contextmanager

COMMON = ("compare", "one-node", "local-churn", "--set", "scale=0.02", "--seeds", "3")
TRACE = ("compare", "one-node", "untar-rm", "--set", "scale=0.05", "--variant", "fast:core.frequency=4 GHz")
SMALL = ("--variant", "small:tunables.churn={limit: 8, batchcount: 4, shared: 1}")


def test_a_tuning_is_compared_with_the_unmodified_arm(simslab):
    status, out, err = simslab(*COMMON, *SMALL)
    assert (status, err) == (0, "")
    assert "base" in out
    assert "small" in out


def test_an_arm_that_changes_nothing_is_not_distinguishable_from_noise(simslab):
    document = json.loads(simslab(*COMMON, "--variant", "same:core.frequency=3.4 GHz", "--json")[1])
    assert document["differences"]
    assert {difference["verdict"] for difference in document["differences"]} <= {
        "equal",
        "noise",
    }


def test_the_result_directory_holds_tables_figure_and_manifest(simslab, tmp_path):
    assert simslab(*COMMON, *SMALL, "--out", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"comparison.json", "comparison.txt", "manifest.json"} <= names
    assert any(name.endswith(".pdf") for name in names)


def test_an_unknown_path_in_a_variant_is_told_with_the_variants_name(refused):
    assert "--variant bad: core.frequncy" in refused(*COMMON, "--variant", "bad:core.frequncy=3 GHz")


def test_a_recorded_trace_without_jitter_runs_once_an_arm_and_claims_no_interval(simslab):
    status, out, _ = simslab(*TRACE, "--vary", "none")
    assert status == 0
    assert "1 seed an arm" in out
    assert "one run: no interval" in out


def test_the_progress_bar_tells_the_seeds_of_the_plan(simslab, monkeypatch):
    told = []

    @contextmanager
    def noting(what):
        told.append(what)
        yield lambda done, total: None

    monkeypatch.setattr("simslab.cli.terminal.progress.progress", noting)
    simslab(*TRACE, "--vary", "none", "--seeds", 10)
    simslab(*COMMON, *SMALL)
    assert told == ["comparing 2 arms over 1 seed", "comparing 2 arms over 3 seeds"]


def test_a_variant_may_not_set_the_seed(refused):
    assert "same seeds" in refused(*COMMON, "--variant", "other:seed=77")
    assert "--set: 'workload.seed=7'" in refused(*COMMON, "--set", "workload.seed=7", "--variant", "a:scale=1")


def test_an_arm_that_the_machine_cannot_run_is_the_users_error_in_any_number_of_processes(refused):
    wide = ("--variant", "wide:threads.workers.cpus=0-63")
    assert refused(*COMMON, *wide, "--jobs", 1) == refused(*COMMON, *wide, "--jobs", 2)


def test_seeds_are_added_until_the_first_metric_is_precise_enough(simslab):
    options = ("--metric", "latency.mean", "--precision", "0.5%", "--max-seeds", "8")
    out = simslab(*COMMON, *SMALL, *options)[1]
    assert "precision 0.5 % of latency.mean: " in out
    assert "seeds, looked at" in out


def test_every_figure_of_every_run_is_written(simslab, tmp_path):
    assert simslab(*COMMON, *SMALL, "--metric", "latency.mean,throughput", "--out", tmp_path / "out")[0] == 0
    lines = (tmp_path / "out" / "comparison.csv").read_text().splitlines()
    assert lines[0] == "arm,seed,metric,value"
    assert len(lines) == 1 + 2 * 3 * 2


def test_a_comparisons_differences_are_drawn_as_effects(simslab, tmp_path):
    assert simslab(*COMMON, *SMALL, "--metric", "latency.mean", "--out", tmp_path / "out")[0] == 0
    assert simslab("plot", tmp_path / "out", "--kind", "effects", "--out", tmp_path / "e.pdf")[0] == 0
    assert "latency.mean,ns,small,3," in (tmp_path / "e.csv").read_text()
    page = tmp_path / "e.html"
    assert simslab("report", tmp_path / "out", "--out", page) == (0, "", "")
    assert "SHA-256" in page.read_text()

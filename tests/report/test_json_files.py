"""What `--json` prints is what its schema says, key for key."""

import json
import re

import pytest
from typer.testing import CliRunner

from simslab.cli.main import app
from simslab.machine.library import machine_names
from simslab.report.json_files import FILES

COMPARE = ("compare", "one-node", "local-churn", "--set", "scale=0.005", "--variant", "slow:dram.latency=x2", "--json")


def printed(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", machine_names())
def test_every_machines_description_has_its_schemas_keys(name):
    FILES["description"].model_validate_json(printed("describe", name, "--json"))


def test_the_inventory_has_its_schemas_keys():
    assert FILES["inventory"].model_validate_json(printed("list", "--json")).experiments


@pytest.mark.parametrize("seeds", [1, 2])
def test_a_comparison_has_its_schemas_keys(seeds):
    found = FILES["comparison"].model_validate_json(printed(*COMPARE, "--seeds", seeds))
    assert len(found.seeds) == seeds


@pytest.mark.parametrize("kind", FILES)
def test_each_schema_is_told_by_name(kind):
    schema = json.loads(printed("schema", kind))
    if schema["type"] == "array":
        schema = schema["$defs"][schema["items"]["$ref"].rpartition("/")[2]]
    assert schema["additionalProperties"] is (kind in ("result-line", "point-line"))
    assert set(schema["required"]) <= set(schema["properties"])
    assert kind in ("measurement", "geometry") or set(schema["required"]) == set(schema["properties"])


def test_the_help_names_every_schema():
    told = printed("schema", "--help")
    assert [kind for kind in FILES if not re.search(rf"\b{kind}\b", told)] == []


@pytest.mark.parametrize("part", ["cache", "latency", "c2c", "pairs", "atomic", "bandwidth", "loaded", "lock"])
def test_each_part_of_a_measurement_has_its_schemas_keys(part):
    small = ("--set", "layout.cores=2", "--set", "layout.threads=1")
    found = FILES["measurement"].model_validate_json(printed("measure", "two-socket", *small, "--part", part, "--json"))
    assert found.model_fields_set > {"machine", "nodes"}


TABLE = """machine,metric,from,to,state,value,unit
two-socket,dram_idle_latency,node0,node0,random,80,ns
two-socket,dram_idle_latency,node0,node1,random,132,ns
two-socket,dram_idle_latency,node1,node0,random,131,ns
two-socket,weather,node0,node0,fair,78.6,ns
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    return path


def test_a_measurement_beside_a_table_has_its_schemas_keys(table):
    found = FILES["reference"].model_validate_json(printed("measure", "two-socket", "--against", table, "--json"))
    assert (len(found.cells), len(found.not_comparable), len(found.verdicts)) == (3, 1, 1)


def test_a_fit_has_its_schemas_keys(table):
    how = ("--against", table, "--parameters", "dram.latency", "--hold-out", "node1 -> node0", "--json")
    found = FILES["fit"].model_validate_json(printed("fit", "two-socket", *how))
    assert (len(found.parameters), len(found.fit), len(found.prediction)) == (1, 2, 1)
    assert "nothing in the model answers to" in found.left_out[0].reason


SIZED = ("one-node", "local-churn", "--set", "scale=0.005", "--seeds", "2")


def test_a_tuning_has_its_schemas_keys():
    found = FILES["tuning"].model_validate_json(
        printed("tune", *SIZED[:2], "churn", *SIZED[2:], "--limit", "8,64", "--json")
    )
    assert len(found.rows) >= 2


def test_the_lines_of_a_sweep_have_their_schemas_keys(tmp_path):
    how = ("--axis", "core.ipc=1,2", "--metric", "latency.mean", "--store", tmp_path / "s.db", "--json")
    lines = printed("sweep", *SIZED, *how).splitlines()
    read = [FILES["result-line"].model_validate_json(line) for line in lines[:4]]
    assert [(line.model_extra["core.ipc"], line.seed, line.metric) for line in read] == [
        (ipc, seed, "latency.mean") for ipc in ("1", "2") for seed in (1, 2)
    ]
    points = [FILES["point-line"].model_validate_json(line) for line in lines[4:-1]]
    assert [(line.model_extra, line.point, line.seeds) for line in points] == [
        ({"core.ipc": ipc}, f"core.ipc={ipc}", 2) for ipc in ("1", "2")
    ]
    assert FILES["claims-line"].model_validate_json(lines[-1]).best


@pytest.mark.parametrize(("size", "limit"), [(200, True), (5_000_000, False)])
def test_a_geometry_has_its_schemas_keys_even_where_no_order_fits(size, limit):
    done = CliRunner().invoke(app, ["geometry", "--size", str(size), "--json"])
    found = FILES["geometry"].model_validate_json(done.stdout)
    assert (found.err == 0, "limit" in found.model_fields_set) == (limit, limit)


@pytest.mark.parametrize("name", ["mesif", "moesi"])
def test_a_protocol_has_its_schemas_keys(name):
    assert FILES["protocol"].model_validate_json(printed("protocol", name, "--json")).domain


@pytest.mark.parametrize(("kind", "command"), [("metrics", "metrics"), ("terms", "explain")])
def test_lists_have_their_schemas_keys(kind, command):
    assert len(FILES[kind].model_validate_json(printed(command, "--json")).root) > 20


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A small stored run."""
    out = tmp_path_factory.mktemp("json") / "r"
    printed("run", *SIZED[:4], "--out", out)
    return out


def test_a_shown_result_is_the_stored_one(result):
    assert printed("show", result, "--json") == (result / "result.json").read_text()


@pytest.mark.parametrize(("view", "again"), [("slabinfo", False), ("buddyinfo", True)])
def test_a_view_has_its_schemas_keys_and_the_lines_of_its_text(result, view, again):
    found = FILES["view"].model_validate_json(printed("show", result, "--view", view, "--json"))
    assert (found.view, found.run_again) == (view, again)
    assert found.lines == printed("show", result, "--view", view).splitlines()


def test_the_slowest_operations_have_their_schemas_keys(result):
    found = FILES["worst"].model_validate_json(printed("explain", result, "--worst", 2, "--json"))
    assert [sum(each.causes.values()) for each in found.operations] == [each.cycles for each in found.operations]
    assert len(found.operations) == 2


def test_an_artifact_has_its_schemas_keys(result, tmp_path):
    found = FILES["artifact"].model_validate_json(printed("artifact", tmp_path / "a", result, "--json"))
    assert [(piece.name, len(piece.commands)) for piece in found.pieces] == [("r", 2)]


def test_the_parameters_of_a_machine_have_their_schemas_keys():
    found = FILES["parameters"].model_validate_json(printed("describe", "one-node", "--parameters", "--json"))
    lines = printed("describe", "one-node", "--parameters").splitlines()
    assert [row.parameter for row in found.parameters] == [line.split()[0] for line in lines[1:]]


def test_what_is_written_is_told_file_by_file(result, tmp_path):
    figure, page, machine = tmp_path / "f.svg", tmp_path / "p.html", tmp_path / "m.xml"
    commands = {
        ("plot", result, "--kind", "nodes", "--out", figure): [figure, tmp_path / "f.csv"],
        ("report", result, "--out", page): [page],
        ("export", "hwloc", "one-node", "--out", machine): [machine],
        ("import", "hwloc", machine, "--out", tmp_path / "m.yaml"): [tmp_path / "m.yaml"],
    }
    for command, files in commands.items():
        found = FILES["written"].model_validate_json(printed(*command, "--json"))
        assert {(file.file, file.bytes) for file in found.files} == {(str(f), f.stat().st_size) for f in files}
    found = FILES["written"].model_validate_json(printed("import", "hwloc", machine, "--json"))
    assert (found.files, found.text) == ([], (tmp_path / "m.yaml").read_text())


def test_stores_that_are_merged_and_exported_have_their_schemas_keys(tmp_path):
    store = tmp_path / "s.db"
    printed("sweep", *SIZED, "--axis", "core.ipc=1,2", "--metric", "throughput", "--jobs", 1, "--store", store)
    merged = FILES["merge"].model_validate_json(printed("store", "merge", tmp_path / "t.db", store, "--json"))
    assert (merged.cells, merged.runs) == (4, 4)
    (file,) = (
        FILES["written"].model_validate_json(printed("store", "export", store, tmp_path / "a.csv", "--json")).files
    )
    assert (file.what, file.file) == ("csv", str(tmp_path / "a.csv"))


def commands(group=app):
    """Yield every command of the command line, by its words."""
    for each in group.registered_commands:
        yield (each.name or each.callback.__name__,)
    for inner in group.registered_groups:
        for words in commands(inner.typer_instance):
            yield (inner.name, *words)


@pytest.mark.parametrize("words", [*commands()], ids=" ".join)
def test_every_command_has_json(words):
    prints_json = {("schema",), ("store", "dump")}  # and nothing else
    assert (words in prints_json) != bool(re.search(r"^ +--json\b", printed(*words, "--help"), re.M))

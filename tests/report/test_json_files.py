"""What `--json` prints is what its schema says, key for key."""

import json

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
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {field.alias or name for name, field in FILES[kind].model_fields.items()}

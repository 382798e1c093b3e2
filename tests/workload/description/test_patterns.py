"""Every key of steps, devices, caches and traces stands in docs/workloads.md, and no other."""

import re
from pathlib import Path
from typing import get_args

import pytest

from simslab.workload.description import patterns, spec
from simslab.workload.description.quantities import Distribution

DOCUMENT = (Path(__file__).parents[3] / "docs" / "workloads.md").read_text(encoding="utf-8")
ROWS = {line.split("|")[1].strip(" `"): line.split("|")[2] for line in DOCUMENT.splitlines() if line.startswith("| ")}
PLACES = {
    "a distribution": Distribution,
    "a cache of `caches": spec.CacheSpec,
    "a group of `threads": spec.ThreadGroup,
    "a device of `devices": spec.Device,
    "trace": spec.TraceReplay,
    "the file": spec.Workload,
}
STEPS = {get_args(step.model_fields["pattern"].annotation)[0]: step for step in get_args(get_args(patterns.Step)[0])}
OF_ALL_STEPS = {*patterns.Objects.model_fields, "pattern", "cache"}


def keys(row):
    """The keys in a row: what is in backticks, without values, which are in brackets."""
    outside = re.sub(r" \([^()]*\)", "", row)
    return {re.match(r"\w+", key)[0] for key in re.findall(r"`(.+?)`", outside)}


@pytest.mark.parametrize("pattern", STEPS)
def test_every_key_of_a_step_is_in_the_document(pattern):
    assert keys(ROWS[pattern]) == set(STEPS[pattern].model_fields) - OF_ALL_STEPS


@pytest.mark.parametrize("place", PLACES)
def test_every_other_key_is_in_the_document(place):
    assert keys(ROWS[place]) == set(PLACES[place].model_fields)


def test_keys_of_all_steps_are_told_above_the_table():
    above = DOCUMENT[: DOCUMENT.index("| `pattern` |")]
    assert all(f"`{key}`" in above for key in patterns.Objects.model_fields)

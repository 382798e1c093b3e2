"""Tests mirror the package name for name: simslab/x/y.py is tested by tests/x/test_y.py."""

import re
from pathlib import Path

import pytest

import simslab

PACKAGE, TESTS = Path(simslab.__file__).parent, Path(__file__).parent

# Modules that do nothing which a test of their own could show, and why.
WITHOUT_TESTS = {
    "__main__.py": "calls cli/main.py; tests/cli/test_main.py interrupts it",
    "allocator/parked.py": "a record that allocators fill and experiment/figures/parked.py reads",
    "instruments/exchange/found.py": "records that readers fill and machine_file.py reads",
    "kernel/memcg/instructions.py": "estimates; slab_common/memcg/test_hooks.py sees that hooks cost time",
    "kernel/memcg/layout.py": "offsets counted from headers; slab_common/memcg/test_vectors.py looks at the vector's",
    "machine/memory/memory_spec.py": "records that parts.py fills; memory/ is tested with what they say",
    "result/measurement.py": "records; their rows are tested where they are made, stored and shown",
    "slab_common/memcg/verdicts.py": "numbers that the hooks return",
    "slab_common/slab_state.py": "numbers that stand for how far boot has come, and the class of a panic",
    "workload/trace/trace_events.py": "numbers that stand for kinds, contexts and stops",
}
# Test files of a subject that no single module has.
CROSS_CUTTING = {
    "machine/validation/test_impossible.py": "machines that cannot be, whichever part says so",
    "cli/test_bad_input.py": "mistakes from outside, whichever the command",
    "cli/test_surface.py": "what new users typed, and what they expected",
    "cli/test_run.py": "the command `run`, from its arguments to its directory",
    "cli/test_validate.py": "the command `validate`, which stands beside `measure`",
    "conform/slab/test_golden.py": "the recorded SLAB kernels, all files and their topologies",
    "conform/slab/test_path_costs_at_work.py": "charges seen while the allocator works",
    "conform/slub/test_golden.py": "the recorded SLUB kernels, all files and their topologies",
    "instruments/measure/test_relations.py": "what holds between measurements, and between them and a description",
    "instruments/exchange/test_mlc_round_trip.py": "measured, imported and measured again",
    "machine/core/test_spin.py": "waiting loops",
    "machine/memory/test_properties.py": "random programs on random hierarchies",
    "machine/memory/test_protocol_tables.py": "each row of the protocols' tables",
    "machine/memory/test_protocol_walks.py": "random walks through the protocols' tables",
    "machine/memory/test_scripted_accesses.py": "walks of two to four CPUs, transaction by transaction",
    "machine/memory/test_shadow.py": "the hierarchy against a plain model of it",
    "slab/creation/test_options_at_work.py": "boot parameters seen in what the allocator does",
    "slab/debug/test_random_faults.py": "random mistakes of users, and what the debug kernel finds",
    "slab/test_fault_points.py": "each point where kernel paths ask for memory, failing once",
    "slab/test_concurrency.py": "CPUs that meet in the allocator",
    "slab/test_exhaustion.py": "nodes without pages",
    "slab/test_pfmemalloc.py": "reserves, from the page to the array of a CPU",
    "slab/test_programs.py": "random programs, audited at each step",
    "slab/test_readme_table.py": "the README's table of kernel functions",
    "slab/test_storm.py": "random programs on all CPUs at once",
    "slub/test_programs.py": "random programs, audited at each step",
    "slub/test_storm.py": "random programs on all CPUs at once",
    "workload/run/test_whole_runs.py": "whole runs, and what holds of each",
    "workload/trace/test_recorded_traces.py": "recordings of every layout that is known",
}


def file_of(module):
    """Where a module is tested."""
    return module.with_name(f"test_{module.name}")


MODULES = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}
FILES = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if path.parent != TESTS}
ROOMS = {module.parts[0] for module in MODULES}
MIRRORED = {file for file in FILES if file.parts[0] in ROOMS}


@pytest.mark.parametrize("module", sorted(MODULES), ids=str)
def test_every_module_has_a_test_file_of_its_name(module):
    excused = WITHOUT_TESTS.get(module.as_posix())
    assert (file_of(module) in FILES) == (excused is None), excused or f"no tests/{file_of(module)}"


@pytest.mark.parametrize("file", sorted(MIRRORED), ids=str)
def test_every_test_file_has_a_module_or_a_subject(file):
    module = file.with_name(file.name.removeprefix("test_"))
    subject = CROSS_CUTTING.get(file.as_posix())
    assert (module in MODULES) == (subject is None), subject or f"no simslab/{module}"


def test_exceptions_are_there():
    assert {name for name in WITHOUT_TESTS if Path(name) not in MODULES} == set()
    assert {name for name in CROSS_CUTTING if Path(name) not in FILES} == set()


NAMED = re.compile(r"\b[a-z_]+(?:/[a-z_]+)+\.py\b")


@pytest.mark.parametrize("folder", ["simslab", "benchmarks", "tools"])
def test_every_python_file_that_a_text_names_with_its_folder_is_there(folder):
    """As from the root, the package, the tests, or a folder that the text itself lies in."""
    root = TESTS.parent
    lost = []
    for source in (root / folder).rglob("*.py"):
        near = [root, PACKAGE, TESTS, *(parent for parent in source.parents if parent.is_relative_to(root))]
        names = set(NAMED.findall(source.read_text(encoding="utf-8")))
        lost += [(str(source.relative_to(root)), name) for name in names if not any((n / name).exists() for n in near)]
    assert lost == []

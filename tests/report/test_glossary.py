from dataclasses import fields
from types import SimpleNamespace

import pytest

from simslab.base.errors import UserError
from simslab.experiment.figures.metric_families import LOCKS
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.glossary import CAUSE, GLOSSARY, LOCK, MEMCG, OPERATION, PATH, look_up
from simslab.report.run.kernel_tables import memcg_table
from simslab.result.measurement import NUMASTAT, MemcgRow
from simslab.slab.paths import PATH_NAMES
from simslab.slub import paths as slub_paths
from simslab.workload.streams.operations import OPERATION_NAMES


def names(kind):
    return [term.name for term in GLOSSARY if term.kind == kind]


def test_every_path_is_explained_and_no_other():
    assert names(PATH) == list(dict.fromkeys((*PATH_NAMES, *slub_paths.PATH_NAMES)))


def test_every_cause_is_explained_and_no_other():
    assert names(CAUSE) == list(CAUSE_NAMES)


def test_every_operation_lock_and_page_counter_is_explained():
    assert names(OPERATION) == list(OPERATION_NAMES)
    assert names(LOCK) == list(LOCKS)
    assert set(NUMASTAT) <= {term.name for term in GLOSSARY}


def test_every_column_of_memory_cgroups_is_explained_that_its_note_does_not_tell():
    row = MemcgRow(cgroup="g", limit_pages=None, **dict.fromkeys([f.name for f in fields(MemcgRow)][2:], 1))
    heads = memcg_table(SimpleNamespace(memcg=[row])).columns[1:]
    assert [*names(MEMCG), "pages", "limit", "bytes"] == list(heads)


@pytest.mark.parametrize("word", ["by stock", "by_stock", "NET_RX", "net_rx", "__kmalloc", "stand-in alloc_pages"])
def test_softirqs_call_sites_and_columns_are_found(word):
    assert len(look_up(word)) == 1


def test_every_term_says_something():
    assert all(len(term.meaning) > 15 for term in GLOSSARY)


@pytest.mark.parametrize("word", ["hit", "alloc hit", "alloc/hit", "ALLOC_HIT"])
def test_a_path_is_found_as_results_write_it(word):
    assert "alloc_hit" in [term.name for term in look_up(word)]


def test_what_is_no_term_is_told():
    with pytest.raises(UserError, match="did you mean 'lock_wait'"):
        look_up("lockwait")

"""Rows turned into runs, and their verdicts."""

from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.instruments.validate import questions
from simslab.instruments.validate.rig import Rig
from simslab.instruments.validate.rows import COLUMNS, parse


def row(text):
    return parse(f"{','.join(COLUMNS)}\n{text}\n", "t.csv")[0]


def irq(value, low, high, unit="ns", tolerance=0.15):
    return row(f"s,emerald-rapids-2,1,irq,,pushf_pop_push_popf,{value},{low},{high},{unit},{tolerance},prediction")


def test_a_row_agrees_within_its_tolerance_and_misses_beyond():
    near, far = questions.answer_all([irq(10.55, 10, 11), irq(20, 20, 20)])
    assert near.agrees
    assert not far.agrees
    assert far.error == pytest.approx(near.measured / 20 - 1)


def test_rows_of_one_run_share_it(monkeypatch):
    asked = []
    real = questions.ask
    monkeypatch.setattr(questions, "ask", lambda row: asked.append(row) or real(row))
    assert len(questions.answer_all([irq(10, 10, 10), irq(11, 11, 11)])) == 2
    assert len(asked) == 1


def test_a_row_of_slub_runs_on_slub():
    head = ",".join((*COLUMNS, "allocator"))
    text = "s,emerald-rapids-2,1,pair,size=256 cpus=1 cpu_partial=13,op,14.75,14.48,14.99,ns,0.1,calibration,slub"
    (answer,) = questions.answer_all(parse(f"{head}\n{text}\n", "t.csv"))
    assert answer.agrees


def test_of_a_published_range_the_nearest_end_counts():
    (answer,) = questions.answer_all([irq(35, 30, 40, unit="cycles")])
    assert answer.error == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s,emerald-rapids-2,1,irk,,x,1,1,1,ns,0.1,prediction", "no workload 'irk'"),
        ("s,emerald-rapids-2,1,nn,size=64 cpus=1 n=4,fre,1,1,1,ns,0.1,prediction", "no metric 'fre'; .*'free'"),
        ("s,emerald-rapids-2,1,nn,size=64 cpus=1 n=4 live=4,free,1,1,1,ns,0.1,prediction", "'live' is no number"),
        ("s,emerald-rapid-2,1,irq,,pushf_pop_push_popf,1,1,1,ns,0.1,prediction", "no machine 'emerald-rapid-2'"),
        ("s,one-node,2,irq,,pushf_pop_push_popf,1,1,1,ns,0.1,prediction", "no machine 'one-node-2n' of two nodes"),
        ("s,emerald-rapids-2,1,pair,size=64 cpus=99,op,1,1,1,ns,0.1,prediction", "takes 99 CPUs"),
        ("s,emerald-rapids-2,1,prodcons,size=64 pairs=2 ring=4,each,1,1,1,ns,0.1,prediction", "takes 4 CPUs"),
        ("s,emerald-rapids-2,1,remote_one,size=64 freer=9 n=4,free,1,1,1,ns,0.1,prediction", "takes 10 CPUs"),
        ("s,emerald-rapids-2,1,remote_free,size=64 cpus=1 n=4,free,1,1,1,ns,0.1,prediction", "hand objects to"),
        ("s,emerald-rapids-2,1,nn,size=4194304 cpus=2 n=200000,free,1,1,1,ns,0.1,prediction", "MiB of objects"),
        (
            "s,one-node,1,bulk,size=64 k=3 kmalloc=1,op,1,1,1,ns,0.1,prediction",
            "'kmalloc' is no number of workload 'bulk'",
        ),
        (
            "s,one-node,1,pair,size=64 cpus=1 kmalloc=1 limit=9,op,1,1,1,ns,0.1,prediction",
            "kmalloc's cache has its own",
        ),
        (
            "s,one-node,1,nn,size=64 cpus=1 n=4 batch=4,free,1,1,1,ns,0.1,prediction",
            "'batch' is no number of workload 'nn'",
        ),
        (
            "s,one-node,1,pages,order=1 look_under_list_lock=1,x,1,1,1,cycles,0.1,prediction",
            "no number of workload 'pages'",
        ),
        ("s,i7-4790k,1,pages,order=10 batch=16384,free,1,1,1,ns,0.1,prediction", "MiB of pages"),
        ("s,i7-4790k,1,pages,order=1 batch=4,alloc_free_pair,1,1,1,ns,0.1,prediction", "no metric 'alloc_free_pair'"),
        ("s,emerald-rapids-2,1,nn,size=64 cpus=1,free,1,1,1,ns,0.1,prediction", "no number 'n'"),
    ],
)
def test_a_row_that_cannot_be_asked_is_told(text, told):
    with pytest.raises(UserError, match=rf"^t\.csv:2:1: .*{told}"):
        questions.answer_all([row(text)])


def test_a_row_in_cycles_runs_on_the_kernels_pages_and_one_in_ns_on_the_stand_in():
    rows = [irq(10, 1, 20, tolerance=9), irq(32, 1, 99, unit="cycles", tolerance=9)]
    stood_in = [questions.ask(each)[0].system.kernel.page_allocator.stand_in is not None for each in rows]
    assert stood_in == [True, False]
    assert len({each.question for each in rows}) == 2


def test_a_row_that_cannot_be_asked_is_told_before_any_other_runs(monkeypatch):
    monkeypatch.setattr(questions, "ask", lambda _: pytest.fail("a row was asked"))
    rows = [irq(35, 30, 40), row("s,one-node,1,pair,size=64 cpus=99,op,1,1,1,ns,0.1,prediction")]
    with pytest.raises(UserError, match="takes 99 CPUs"):
        questions.answer_all(rows)


def test_runs_may_come_back_in_any_order():
    rows = [irq(10, 10, 10), irq(30, 30, 30, unit="cycles"), irq(11, 11, 11)]
    in_order = questions.answer_all(rows)
    assert [answer.row for answer in in_order] == rows
    assert questions.answer_all(rows, lambda work, asked: [(row, work(row)) for row in reversed(asked)]) == in_order


@pytest.mark.parametrize("told", [0, 1])
def test_rows_of_older_kernels_take_patches_back(told):
    text = f"s,one-node,1,nn,size=64 cpus=1 n=10 look_under_list_lock={told},free,1,1,1,cycles,0.1,prediction"
    options = questions.ask(row(text))[0].allocator.options
    assert options.look_under_list_lock == bool(told)
    assert not options.refill_under_list_lock


def test_rows_of_pages_of_older_kernels_are_asked_of_their_allocator():
    told = [
        questions.answer_all([row(f"s,i7-4790k,1,pages,order=0{of},alloc_free_pair,272,272,272,cycles,9,prediction")])
        for of in ("", " pages_of_46=1")
    ]
    assert told[1][0].measured - told[0][0].measured == pytest.approx(64, abs=1)  # cycles (pages_of_46.py)


def test_slubs_kmalloc_is_not_asked_for_what_it_takes_from_the_page_allocator():
    slub = replace(row("s,one-node,1,pair,size=8193 cpus=1 kmalloc=1,op,1,1,1,cycles,0.1,prediction"), allocator="slub")
    with pytest.raises(UserError, match="no cache for objects so large; expected size up to 8192"):
        questions.check(slub)
    questions.check(replace(slub, parameters="size=8192 cpus=1 kmalloc=1"))


def test_rows_of_kmalloc_take_its_cache_and_pay_for_finding_it():
    own, general = (
        questions.ask(row(f"s,one-node,1,pair,size=64 cpus=1 kmalloc={told},op,1,1,1,cycles,0.1,prediction"))
        for told in (0, 1)
    )
    assert general[1]["op"] > own[1]["op"] + 3
    assert [rig.kmalloc_size for rig, _ in (own, general)] == [0, 64]


@pytest.mark.parametrize(("told", "tunables"), [("limit=4", (4, 4, 8)), ("limit=60 shared=0", (60, 8, 0))])
def test_tunables_that_a_row_does_not_tell_fit_its_limit(monkeypatch, told, tunables):
    caches = []
    real = Rig.cache
    monkeypatch.setattr(Rig, "cache", lambda *given: caches.append(real(*given)) or caches[-1])
    text = f"s,emerald-rapids-2,1,pair,size=64 cpus=1 {told},op,1,1,1,ns,0.1,prediction"
    questions.ask(row(text))
    [cache] = caches
    assert (cache.limit, cache.batchcount, cache.shared) == tunables


def test_no_kmalloc_is_a_cache_of_the_rows_own_with_its_tunables():
    questions.check(row("s,one-node,1,pair,size=64 cpus=1 kmalloc=0 limit=9,op,1,1,1,ns,0.1,prediction"))


def test_two_nodes_are_the_machines_variant():
    two = row("s,emerald-rapids-2,2,remote_one,size=256 freer=1 n=50,free,1,1,1,ns,0.1,prediction")
    rig, figures = questions.ask(two)
    assert len(rig.machine.topology.nodes) == 2
    assert set(figures) == {"alloc", "free"}

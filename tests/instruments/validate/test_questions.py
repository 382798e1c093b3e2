"""Rows turned into runs, and their verdicts."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.validate import questions
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
    assert len(list(questions.answer_all([irq(10, 10, 10), irq(11, 11, 11)]))) == 2
    assert len(asked) == 1


def test_of_a_published_range_the_nearest_end_counts():
    (answer,) = questions.answer_all([irq(35, 30, 40, unit="cycles")])
    assert answer.error == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s,emerald-rapids-2,1,irk,,x,1,1,1,ns,0.1,prediction", "no workload 'irk'"),
        ("s,emerald-rapids-2,1,irq,,x,1,1,1,ns,0.1,prediction", "no metric 'x'"),
    ],
)
def test_a_row_that_cannot_be_asked_is_told(text, told):
    with pytest.raises(UserError, match=told):
        list(questions.answer_all([row(text)]))


def test_two_nodes_are_the_machines_variant():
    two = row("s,emerald-rapids-2,2,remote_one,size=256 freer=1 n=50,free,1,1,1,ns,0.1,prediction")
    rig, figures = questions.ask(two)
    assert len(rig.machine.topology.nodes) == 2
    assert set(figures) == {"alloc", "free"}

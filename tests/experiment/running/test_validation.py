"""Rows answered in several processes."""

import pytest

from simslab.base.errors import SimslabError, UserError
from simslab.experiment.running import validation
from simslab.experiment.running.validation import validated
from simslab.experiment.running.worker import Failure
from simslab.instruments.validate.rows import COLUMNS, parse

ROWS = """\
s,emerald-rapids-2,1,irq,,pushf_pop_push_popf,10,10,10,ns,0.1,prediction
s,emerald-rapids-2,1,atomic_inc,cpus=1,each,10,10,10,ns,0.1,prediction
s,emerald-rapids-2,1,irq,,pushf_pop_push_popf,11,11,11,ns,0.1,prediction
"""


@pytest.fixture
def rows():
    return parse(f"{','.join(COLUMNS)}\n{ROWS}", "t.csv")


def test_more_processes_answer_the_same_in_the_same_order(rows):
    alone = validated(rows)
    assert [answer.row for answer in alone] == rows
    assert validated(rows, 2) == alone


def test_progress_counts_runs_not_rows(rows):
    told = []
    validated(rows, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_row_that_cannot_be_asked_is_told_before_any_worker_starts(rows, monkeypatch):
    monkeypatch.setattr(validation, "outcomes", lambda *_: pytest.fail("a worker started"))
    [wrong] = parse(f"{','.join(COLUMNS)}\ns,no-such,1,irq,,pushf_pop_push_popf,1,1,1,ns,1,prediction\n", "t.csv")
    with pytest.raises(UserError, match="there is no machine 'no-such'"):
        validated([*rows, wrong], 2)


def test_a_run_that_is_killed_is_told_with_its_row(rows, monkeypatch):
    killed = [(rows[1], Failure("the process was killed", killed=True))]
    monkeypatch.setattr(validation, "outcomes", lambda *_: killed)
    with pytest.raises(SimslabError, match=r"^t\.csv:3: the process was killed$"):
        validated(rows, 2)

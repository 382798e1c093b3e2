"""Measured rows answered by the model in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from simslab.base.errors import SimslabError, UserErrors
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.worker import Failure
from simslab.instruments.validate.questions import answer_all

if TYPE_CHECKING:
    from simslab.instruments.validate.questions import Answer, Told
    from simslab.instruments.validate.rows import Row

Progress: TypeAlias = Callable[[int, int], None]


def validated(rows: Sequence[Row], processes: int = 1, progress: Progress | None = None) -> list[Answer]:
    """Answer rows in their order; `progress` is told (runs done, of how many).

    UserError before the first run for a row that cannot be asked; SimslabError when a run fails or is killed.
    """

    def run(work: Callable[[Row], Told], asked: Sequence[Row]) -> Iterator[tuple[Row, Told]]:
        for done, (row, outcome) in enumerate(outcomes(work, asked, processes), 1):
            if isinstance(outcome, Failure):
                raise _failed(row, outcome)
            if progress is not None:
                progress(done, len(asked))
            yield row, outcome

    return answer_all(rows, run)


def _failed(row: Row, failure: Failure) -> SimslabError:
    if failure.problems:
        return UserErrors(failure.problems)
    return SimslabError(f"{row.file}:{row.line}: {failure.message.strip()}")

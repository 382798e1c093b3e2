"""Tunings that Optuna proposes: `simslab tune --trials N`, for spaces that no grid covers.

The kernel's own choice is tried first. Proposals are made in batches of a size that does not depend on the number of
processes, from a generator with the workload's seed, so that the same call makes the same trials.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from simslab.base.errors import UserError
from simslab.experiment.grid.knobs import Numbers
from simslab.experiment.grid.space import Choice, Space, Span

BATCH: Final = 4
# All tunings so far -> the objectives of each, None of one whose runs failed.
Tried = Callable[[list[Numbers]], Sequence[Sequence[float] | None]]


def proposed(
    space: Space, choices: Sequence[Choice], lower_is_better: Sequence[bool], count: int, seed: int, tried: Tried
) -> list[Numbers]:
    """Return the kernel's own choice and `count` trials, each tuning once; `tried` runs what it has not run yet.

    `seed` is the proposals' own: the seeds of the runs do not choose what is tried. UserError without Optuna.
    """
    optuna = _optuna()
    directions = ["minimize" if lower else "maximize" for lower in lower_is_better]
    study = optuna.create_study(directions=directions, sampler=optuna.samplers.TPESampler(seed=seed % (1 << 32)))
    rows = [space.own]
    while len(study.trials) < count:
        asked = [study.ask() for _ in range(min(BATCH, count - len(study.trials)))]
        batch = [space.fitting(tuple(_suggested(trial, space, choices))) for trial in asked]
        rows = list(dict.fromkeys([*rows, *batch]))
        found = dict(zip(rows, tried(rows), strict=True))
        for trial, numbers in zip(asked, batch, strict=True):
            values = found[numbers]
            study.tell(trial, None if values is None else list(values),
                       optuna.trial.TrialState.FAIL if values is None else None)  # fmt: skip
    return rows


def _suggested(trial: Any, space: Space, choices: Sequence[Choice]) -> list[int]:
    return [
        trial.suggest_int(name, choice.low, choice.high, log=choice.low > 0)
        if isinstance(choice, Span)
        else trial.suggest_categorical(name, list(choice))
        for name, choice in zip(space.names, choices, strict=True)
    ]


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UserError("--trials needs Optuna", expected="pip install '.[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna

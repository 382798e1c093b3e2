"""Jobs of experiments on a Dask cluster: a scheduler under Slurm, Kubernetes or ssh, and its workers.

The workers need the same simslab, which each job checks, and see a recorded trace under the same path.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.experiment.running.worker import Failure, attempt

Job = TypeVar("Job")
PATIENCE: Final = 10  # seconds to reach a scheduler
PAUSE: Final = 0.2  # seconds between two looks at what is done


@dataclass(frozen=True)
class OtherCode:
    """What a worker sends back whose simslab is not the caller's: its digest."""

    digest: str


def attempt_as(digest: str, work: Callable[[Job], Any], job: Job) -> Any:
    """Return what `attempt` does where the code is that of `digest`, else `OtherCode`: a store names one code alone.

    Each job checks, as workers may join at any time.
    """
    own = code_digest()
    return attempt(work, job) if own == digest else OtherCode(own)


def outcomes_on(
    address: str, work: Callable[[Job], Any], jobs: Iterable[Job], tick: Callable[[], object] | None = None
) -> Iterator[tuple[Job, Any]]:
    """Yield each job with its outcome as `pool.outcomes` does, made on the scheduler at `address`.

    UserError if `distributed` is missing, the scheduler cannot be reached, or a worker is of other code. What was not
    begun is cancelled when the caller stops early.
    """
    client, digest = _connect(address), code_digest()
    futures: dict[Any, Job] = {}
    try:
        futures = {client.submit(attempt_as, digest, work, job, pure=False): job for job in jobs}
        for future in _ended(client, list(futures), tick):
            if future.status == "finished":
                yield futures[future], _same_code(future.result(), digest)
            else:
                yield futures[future], Failure(f"its worker ended: {future.exception()}", killed=True)
            future.release()
    finally:
        client.cancel(list(futures))
        client.close()


def _ended(client: Any, futures: list[Any], tick: Callable[[], object] | None) -> Iterator[Any]:
    from distributed import as_completed

    waiting = as_completed(futures, loop=client.loop, raise_errors=False)
    while not waiting.is_empty():
        yield from waiting.next_batch(block=False)
        if tick is not None:
            tick()
        time.sleep(PAUSE)


def _same_code(outcome: Any, digest: str) -> Any:
    if isinstance(outcome, OtherCode):
        told = f"a worker runs other code ({outcome.digest})"
        raise UserError(told, file="--scheduler", expected=f"the simslab of this sweep ({digest}) on every worker")
    return outcome


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise UserError("a cluster needs Dask", file="--scheduler", expected="pip install '.[cluster]'") from None
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        told = f"{address} cannot be reached ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        raise UserError(
            told, file="--scheduler", expected="the address of a running scheduler: tcp://host:8786"
        ) from None

"""Where the command begins, and `python -m simslab` too: an interrupt while the rest is still being loaded ends it
without a traceback.
"""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress
from typing import Final

YOUNG_OBJECTS: Final = 100_000  # as many containers are made before the garbage collector looks at them


def main() -> None:
    """Entry point of the `simslab` command."""
    handler = signal.getsignal(signal.SIGINT)
    _heed(signal.SIG_DFL if handler is signal.default_int_handler else handler)
    _start_quickly()
    from simslab.cli.main import main as command

    _heed(handler)
    command()


def _start_quickly() -> None:
    """Leave out what takes time before the first operation and serves none of the commands (`benchmarks/start.py`).

    Speed: 0.05 s each for the collections over what is being loaded, which stays, and for the threads that OpenBLAS
    starts, one a core of the host; 0.01 s for the search of all installed packages for plugins of pydantic.
    """
    gc.set_threshold(YOUNG_OBJECTS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _heed(handler: object) -> None:
    with suppress(ValueError, TypeError):  # not in the main thread, or set by what is no Python
        signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()

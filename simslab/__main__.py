"""Where the command begins, and `python -m simslab` too: an interrupt while the rest is still being loaded ends it
without a traceback.
"""

from __future__ import annotations

import signal
from contextlib import suppress


def main() -> None:
    """Entry point of the `simslab` command."""
    handler = signal.getsignal(signal.SIGINT)
    _heed(signal.SIG_DFL if handler is signal.default_int_handler else handler)
    from simslab.cli.main import main as command

    _heed(handler)
    command()


def _heed(handler: object) -> None:
    with suppress(ValueError, TypeError):  # not in the main thread, or set by what is no Python
        signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()

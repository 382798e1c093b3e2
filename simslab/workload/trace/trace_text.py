"""Opening recorded traces: plain or gzip text, in pieces that end at line ends; what is no text is refused in words."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError, reason

PIECE: Final = 2 << 20  # bytes of text held at a time, so that memory does not grow with the trace
_EXPECTED: Final = "ftrace text, `trace-cmd report` text or `perf script` text, plain or .gz"
_BINARY: Final = {
    b"\x17\x08\x44tracing": ("a binary trace-cmd file", "the output of `trace-cmd report`"),
    b"PERFILE2": ("a binary perf.data file", "the output of `perf script`"),
}


def text_pieces(path: Path) -> Iterator[bytes]:
    """Yield the file's text in pieces of whole lines; UserError when it cannot be read or is not text."""
    try:
        with path.open("rb") as stream:
            packed = stream.peek(2)[:2] == b"\x1f\x8b"
            yield from _pieces(path, gzip.GzipFile(fileobj=stream) if packed else stream)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"damaged gzip data ({error})", file=str(path), expected=_EXPECTED) from None
    except EOFError:
        raise UserError("truncated gzip data: the file ends too early", file=str(path), expected=_EXPECTED) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None


def _pieces(path: Path, stream: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    left = b""
    first = True
    while data := stream.read(PIECE):
        if first or b"\0" in data:
            _refuse_binary(path, data)
        first = False
        data = left + data
        end = data.rfind(b"\n") + 1
        left = data[end:]
        if len(left) > PIECE:
            raise UserError("a line of more than 2 MiB: not a trace", file=str(path), expected=_EXPECTED)
        yield data[:end]
    if first:
        raise UserError("the file is empty", file=str(path), expected=_EXPECTED)
    yield left


def _refuse_binary(path: Path, data: bytes) -> None:
    for magic, (what, expected) in _BINARY.items():
        if data.startswith(magic):
            raise UserError(what, file=str(path), expected=expected)
    if b"\0" in data:
        raise UserError("not a text file", file=str(path), expected=_EXPECTED)

"""Opening recorded traces: plain or gzip text, in pieces that end at line ends; what is no text is refused in words."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Final

from simslab.base.documents.input import IN_UTF_16, in_utf_8, is_utf_16
from simslab.base.errors import UserError, reason

# Speed: bytes of text held at a time; so few that the host's allocator keeps the memory (benchmarks/traces.py).
PIECE: Final = 120 << 10
LONGEST: Final = 2 << 20  # bytes of a line; a longer one is no trace's
# A recorded trace packs some twenty-fold; a file of the same line over and over a thousand-fold.
EXPANSION: Final = 200
EXPANDED: Final = 256 << 20  # bytes that any file may expand to
_GZIP: Final = b"\x1f\x8b"
_EXPECTED: Final = "ftrace text, `trace-cmd report` text or `perf script` text, plain or .gz"
_BINARY: Final = {
    b"\x17\x08\x44tracing": ("a binary trace-cmd file", "the output of `trace-cmd report`"),
    b"PERFILE2": ("a binary perf.data file", "the output of `perf script`"),
    b"2ELIFREP": ("a binary perf.data file", "the output of `perf script`, on a machine of its byte order"),
}

_PACKED: Final = {b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}


def text_pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield the file's text piece by piece, each with the offset where its last whole line ends.

    Only the last piece may have a line without a line end, which is then all of it. UserError when the file cannot be
    read or is not text.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.peek(2)[:2] == _GZIP
            yield from _pieces(path, _inflated(path, stream) if packed else iter(partial(stream.read, PIECE), b""))
    except zlib.error as error:
        raise UserError(f"damaged gzip data ({error})", file=str(path), expected=_EXPECTED) from None
    except EOFError:
        raise UserError("truncated gzip data: the file ends too early", file=str(path), expected=_EXPECTED) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None


def first_bytes(path: Path) -> bytes:
    """Return the beginning of a file, unpacked if that can be; nothing of what is no file or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as stream:
            head = stream.read(PIECE)
            if head.startswith(_GZIP):
                stream.seek(0)
                with suppress(EOFError, zlib.error):
                    return next(_inflated(path, stream), b"")
            return head
    except (OSError, ValueError):
        return b""


def _inflated(path: Path, stream: BufferedReader) -> Iterator[bytes]:
    """Yield the text of all gzip members of a file."""
    # Speed: the reader of the standard library hands out 8 KiB at a time (benchmarks/traces.py).
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    size = 0
    packed = stream.read(PIECE)
    while packed:
        data = inflate.decompress(packed, PIECE)
        size += len(data)
        if size > EXPANDED and size > EXPANSION * stream.tell():
            told = f"gzip data that expands more than {EXPANSION}-fold: not a recorded trace"
            raise UserError(told, file=str(path), expected=_EXPECTED)
        if data:
            yield data
        packed = inflate.unconsumed_tail or (b"" if inflate.eof else stream.read(PIECE))
        if inflate.eof:
            packed = (inflate.unused_data or stream.read(PIECE)).lstrip(b"\0")  # padding between members
            inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if packed else inflate
    if not inflate.eof:
        raise EOFError


def _pieces(path: Path, texts: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    left = b""
    first = True
    for data in texts:
        if first or b"\0" in data:
            _refuse_binary(path, data)
        first = False
        text = left + data
        end = text.rfind(b"\n") + 1
        left = text[end:]
        if len(left) > LONGEST:
            raise UserError("a line of more than 2 MiB: not a trace", file=str(path), expected=_EXPECTED)
        if end:
            yield text, end
    if first:
        raise UserError("the file is empty", file=str(path), expected=_EXPECTED)
    if left:
        yield left, len(left)


def is_recording(data: bytes) -> bool:
    """Whether a file that begins so is the binary file of trace-cmd or perf, or packed, as only traces are."""
    return data.startswith((_GZIP, *_BINARY, *_PACKED))


def _refuse_binary(path: Path, data: bytes) -> None:
    for magic, (what, expected) in _BINARY.items():
        if data.startswith(magic):
            raise UserError(what, file=str(path), expected=expected)
    for magic, what in _PACKED.items():
        if data.startswith(magic):
            raise UserError(f"a file packed with {what}", file=str(path), expected=_EXPECTED)
    if is_utf_16(data):
        raise UserError(IN_UTF_16, file=str(path), expected=in_utf_8(_EXPECTED))
    if b"\0" in data:
        raise UserError("not a text file", file=str(path), expected=_EXPECTED)

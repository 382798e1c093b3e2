"""Mutations that know the grammar: of trees (YAML, JSON), of lines of words (traces, tables, other tools), of bytes."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

NUMBERS = (0, 1, -1, 2, 3, 7, 63, 64, 65, 255, 1023, 1024, 4096, 65536, 10**6, 2**31 - 1, 2**31, 2**32, 2**63, 2**64)
ODD_NUMBERS = (-(2**63) - 1, 10**30, 0.0, -0.5, 1e-300, 1e308, float("inf"), float("nan"), 0.1, 3.7)
WORDS = (
    "", " ", "0", "-1", "x", "all", "none", "none,0", "0-", "-3", "3-1", "0-99999999", "node0", "node9", "first 4",
    "spread 0", "10 ns", "-5 ns", "1e400 ns", "0 cycles", "999999999999 s", "1 KiB", "0 B", "16 EiB", "1.5 MiB",
    "10 GB/s", "0 GB/s", "5", "5.5", "1_000", "\u0663", "\u22121", "true", "null", "[0, 1]", "{a: 1}", "a" * 300,
    "\x1b]0;x\x07", "$\\frac$", "{x}", "[/]", "<b>", "=1+1", "../../x", "/dev/zero", "a\0b", "\udcff", "GFP_KERNEL",
    "GFP_X|0xg", "poisson", "random", "9" * 5000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (*NUMBERS, *ODD_NUMBERS, *WORDS, None, True, False, [], {}, [[]], [0] * 50, {"a": {"b": 1}})

Path = tuple[Any, ...]


def places(value: Any) -> list[Path]:
    """Return the paths of everything in nested mappings and lists, the whole included."""
    found: list[Path] = []
    _gather(value, (), found)
    return found


def _gather(value: Any, path: Path, found: list[Path]) -> None:
    found.append(path)
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            _gather(member, (*path, key), found)


def at(value: Any, path: Path) -> Any:
    """Return the part at a path."""
    for key in path:
        value = value[key]
    return value


def edit_tree(value: Any, where: int, how: int, new: Any, other: int) -> Any:
    """Return a tree with one part replaced, left out, doubled, moved, or a number in it changed a little."""
    paths = places(value)
    path = paths[where % len(paths)]
    if not path:
        return new if how % 40 == 0 else value
    parent, key = at(value, path[:-1]), path[-1]
    old = parent[key]
    match how % 8:
        case 0:
            del parent[key]
        case 1 | 2:
            parent[key] = copy.deepcopy(new)
        case 3:
            parent[key] = copy.deepcopy(at(value, paths[other % len(paths)]))
        case 4 if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(old))
        case 4:
            parent[str(new)[:20] if other % 2 else "extra"] = old
        case 5 if isinstance(old, int | float) and not isinstance(old, bool):
            parent[key] = (old + 1, old - 1, old * 2, -old, old * 1000, old / 3)[other % 6]
        case 6 if isinstance(old, str):
            parent[key] = edit_text(old, other, how // 8, str(new))
        case 7 if isinstance(old, str):
            parent[key] = re.sub(r"\d+", lambda _: str(NUMBERS[other % len(NUMBERS)]), old, count=1)
        case _:
            parent[key] = copy.deepcopy(new)
    return value


def edit_text(text: str, where: int, how: int, new: str) -> str:
    """Return a text with a word or a letter replaced, left out or doubled, or with its end cut off."""
    words = [match.span() for match in re.finditer(r"[A-Za-z_]+|[0-9.]+|[^\sA-Za-z0-9_]", text)] or [(0, len(text))]
    begin, end = words[where % len(words)]
    match how % 7:
        case 0:
            return text[:begin] + text[end:]
        case 1 | 2:
            return text[:begin] + new + text[end:]
        case 3:
            return text[:end] + text[begin:]
        case 4:
            return text[:begin]
        case 5:
            return text[:begin] + text[begin + 1 :]
        case _:
            other = words[(where * 31 + 7) % len(words)]
            return text[:begin] + text[other[0] : other[1]] + text[end:]


def edit_lines(text: str, where: int, how: int, new: str) -> str:
    """Return a text with a line left out, doubled, moved, or edited."""
    lines = text.splitlines(keepends=True) or [text]
    number = where % len(lines)
    match how % 5:
        case 0:
            del lines[number]
        case 1:
            lines.insert(number, lines[number])
        case 2:
            lines.insert((where * 7) % len(lines), lines.pop(number))
        case _:
            lines[number] = edit_text(lines[number], where // 13, how // 5, new)
    return "".join(lines)


def edit_bytes(data: bytes, where: int, how: int, new: int) -> bytes:
    """Return bytes with a few of them changed, left out or put in, or with the end cut off."""
    place = where % (len(data) + 1)
    match how % 4:
        case 0:
            return data[:place] + bytes([new % 256]) + data[place + 1 :]
        case 1:
            return data[:place] + data[place + 1 + new % 64 :]
        case 2:
            return data[:place] + bytes([new % 256]) * (1 + new % 8) + data[place:]
        case _:
            return data[:place]


_WHERE, _HOW = st.integers(0, 1 << 20), st.integers(0, 279)


def _edited(corpus: Sequence[Any], edit: Callable[..., Any], *drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    edits = st.lists(st.tuples(_WHERE, _HOW, *drawn), min_size=1, max_size=3)

    packed = [pickle.dumps(value) for value in corpus]  # copied in a fifth of the time of deepcopy

    def applied(pair: tuple[bytes, list[tuple[Any, ...]]]) -> Any:
        value, steps = pickle.loads(pair[0]), pair[1]
        for step in steps:
            value = edit(value, *step)
        return value

    return st.tuples(st.sampled_from(packed), edits).map(applied)


def trees(corpus: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Trees of a corpus with one to three edits."""
    return _edited(corpus, edit_tree, st.sampled_from(VALUES), _WHERE)


def texts(corpus: Sequence[str], words: Sequence[str] = WORDS) -> st.SearchStrategy[str]:
    """Single lines of a corpus with one to three edits."""
    return _edited(corpus, edit_text, st.sampled_from(words))


def documents(corpus: Sequence[str], words: Sequence[str] = WORDS) -> st.SearchStrategy[str]:
    """Texts of a corpus with one to three edits of their lines."""
    return _edited(corpus, edit_lines, st.sampled_from(words))


def files(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Files of a corpus with one to three edits of their bytes."""
    return _edited(corpus, edit_bytes, st.integers(0, 1 << 16))


def json_lines(corpus: Sequence[str]) -> st.SearchStrategy[str]:
    """Files of JSON lines, a line's tree edited one to three times."""

    def edit(text: str, where: int, how: int, new: Any, other: int) -> str:
        lines = text.splitlines()
        number = where % len(lines)
        tree = edit_tree(json.loads(lines[number]), where // 13, how, new, other)
        lines[number] = json.dumps(tree, separators=(",", ":"))
        return "\n".join(lines) + "\n"

    return _edited(corpus, edit, st.sampled_from(VALUES), _WHERE)

"""A machine file written out: values with units as people write them, and where each came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Any, Final

SIZES: Final = ("size", "memory", "memory_side_cache")
WIDTH: Final = 118
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-+/()")


def machine_text(head: Sequence[str], document: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Return the YAML of a machine file; `comments` by dotted path, each written behind its value."""
    lines = ["# " + " ".join(line.splitlines()) for line in head]
    for key, value in document.items():
        lines += _entry(key, value, comments)
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, comments: Mapping[str, str]) -> Iterator[str]:
    comment = comments.get(key, "")
    if isinstance(value, dict):
        yield _line(f"{key}:", comment)
        for name, member in value.items():
            yield from _member(key, name, member, comments)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        yield _line(f"{key}:", comment)
        for index, item in enumerate(value):
            yield _line(f"  - {flow('', item)}", comments.get(f"{key}[{index}]", ""))
    else:
        yield _line(f"{key}: {flow(key, value)}", comment)


def _member(key: str, name: str, value: Any, comments: Mapping[str, str]) -> Iterator[str]:
    comment = comments.get(f"{key}.{name}", "")
    text = flow(name, value)
    if isinstance(value, list) and value and isinstance(value[0], list):
        yield _line(f"  {name}:", comment)
        yield from (f"    - {flow(name, row)}" for row in value)
    elif isinstance(value, list) and len(text) > WIDTH - 20:
        yield _line(f"  {name}:", comment)
        yield from wrap(text, WIDTH, initial_indent="    ", subsequent_indent="     ", break_long_words=False)
    else:
        yield _line(f"  {name}: {text}", comment)


def _line(text: str, comment: str) -> str:
    return f"{text}  # {comment}" if comment else text


def flow(key: str, value: Any) -> str:
    """Return a value in YAML's flow style; `key` tells its unit."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {flow(name, member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(key, item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return quantity(key, value)
    return _text(str(value))


def _text(text: str) -> str:
    plain = text and set(text) <= _PLAIN and text[0].isalnum() and text == text.strip()
    # Words that YAML or a reader of quantities could take for something else are quoted; times are not.
    return text if plain and not _number_like(text) else json.dumps(text)


def _number_like(text: str) -> bool:
    if text.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n"):
        return True
    return text[0].isdigit() and not text.endswith((" ns", " ps", " us", " ms", " cycles", " s"))


def quantity(key: str, value: float) -> str:
    """Return a number with the unit that its key means, exactly."""
    if key in SIZES and isinstance(value, int) and value:
        return _scaled(value, (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)))
    if key == "frequency":
        return _scaled(value, (("GHz", 10**9), ("MHz", 10**6), ("kHz", 10**3)))
    if key.endswith("bandwidth") or key in ("port_read", "port_write"):
        return _scaled(value, (("GB/s", 10**9), ("MB/s", 10**6), ("kB/s", 10**3)))
    return json.dumps(value)


def _scaled(value: float, units: Sequence[tuple[str, int]]) -> str:
    """Return the first unit in which the number is exact with three decimals and not below 1, else the bare number."""
    for unit, factor in units:
        scaled = Fraction(value) / factor
        if scaled >= 1 and (scaled * 1000).denominator == 1:
            return f"{float(scaled):.12g} {unit}" if scaled < 10**6 else f"{value}"
    return f"{value}"

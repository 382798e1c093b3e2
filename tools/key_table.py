#!/usr/bin/env python3
"""Write the table of keys in README.md from the declarations of the parameters.

    python tools/key_table.py            rewrite what stands between the markers

A marker line names the keys of the table that follows it; tests/test_readme.py compares the two.
"""

from __future__ import annotations

import re
from pathlib import Path

from simslab.report.machine.parameters import key_table

README = Path(__file__).resolve().parent.parent / "README.md"
TABLE = re.compile(r"(<!-- keys: (?P<keys>.*?) -->\n)(?P<table>.*?)(\n<!-- end -->)", re.S)


def with_tables(text: str) -> str:
    """Return a text with every table written anew."""
    return TABLE.sub(lambda found: found[1] + "\n".join(key_table(found["keys"].split())) + found[4], text)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")

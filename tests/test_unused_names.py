"""Every function, class and constant of the package is used, if only by a test."""

import re
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "simslab"
SOURCES = [
    path for folder in ("simslab", "tests", "benchmarks", "tools") for path in (PACKAGE.parent / folder).rglob("*.py")
]
DEFINED = re.compile(r"^(?:([A-Z][A-Z0-9_]*): Final|\s*def (?!__)(\w+)|class (\w+))", re.MULTILINE)
DECORATED = re.compile(r"^(?: *@.*\n)+ *def (\w+)", re.MULTILINE)  # called by who decorates: models, the command line
# Modules that list all that the kernel has, used or not.
LISTS = {"kernel/layout.py", "slub/layout.py", "kernel/irq/softirq.py", "kernel/mm/page.py", "kernel/mm/zone.py"}


def test_no_name_stands_only_where_it_is_defined():
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    words = Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    unused = []
    for path, text in texts.items():
        if path.is_relative_to(PACKAGE):
            module = path.relative_to(PACKAGE).as_posix()
            called = set(DECORATED.findall(text))
            names = {next(filter(None, found)) for found in DEFINED.findall(text)} - called
            unused += [(module, name) for name in sorted(names) if words[name] == 1 and module not in LISTS]
    assert unused == []

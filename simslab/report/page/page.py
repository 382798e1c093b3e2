"""`simslab report`: what was run, the summary, figures, tables and views of one stored run, in one HTML file; or a
sweep's or comparison's (`points_page.py`).

Nothing is loaded from anywhere: figures are SVG within the page, style and script too.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from rich.text import Text

from simslab.base.errors import UserError
from simslab.report.page.parts import checked, closing, figure, opening
from simslab.report.page.points_page import points_page
from simslab.report.page.tables_html import table_html
from simslab.report.plot.sources import Sources
from simslab.report.run.summary import summary_parts
from simslab.report.tables import Table
from simslab.report.views.all_views import VIEWS, view_text
from simslab.result.measurement import Measurement

FIGURES: Final = (("ccdf", "Tail of the latency, by path"), ("cdf", "Cumulative share, by path"),
                  ("attribution", "Where the cycles went"), ("nodes", "Objects by node"))  # fmt: skip


def page_html(sources: Sources, told: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page of the run, comparison or sweep in `sources`; UserError if there is another number of them."""
    if len(sources.tables) == 1:
        manifest = sources.arms[0].manifest if sources.arms else {}
        return checked(points_page(sources, sources.tables[0], [*told, *input_rows(manifest)]))
    measurement = sources.arms[0].measurement if len(sources.arms) == 1 else None
    if measurement is None:
        raise UserError("a report is of one run, comparison or sweep", expected="a directory of `run --out` or a store")
    return checked("\n".join(_page(sources, measurement, sources.arms[0].manifest)))


def _page(sources: Sources, measurement: Measurement, manifest: Mapping[str, Any]) -> Iterator[str]:
    yield opening(f"{measurement.workload} on {measurement.machine}")
    parts = summary_parts(measurement)
    yield f"<pre>{escape(parts[0].plain if isinstance(parts[0], Text) else '')}</pre>"
    yield "<h2>What was run</h2>"
    yield from _inputs(manifest)
    yield "<h2>Figures</h2>"
    yield from _figures(sources, bool(manifest))
    yield "<h2>Tables</h2><p class=note>A click on a head sorts.</p>"
    for part in parts[1:]:
        if isinstance(part, Table):
            yield table_html(part)
        elif isinstance(part, Text):
            yield f"<pre>{escape(part.plain)}</pre>"
    yield "<h2>As the kernel and its tools tell it</h2>"
    for name in VIEWS:
        yield f"<details><summary>{name}</summary><pre>{escape(view_text(measurement, name))}</pre></details>"
    yield closing()


def _inputs(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield versions, seeds, overrides, files and the command line, then the whole machine and workload."""
    if not manifest:
        yield "<p class=note>The result has no manifest.</p>"
        return
    yield table_html(Table("Inputs", ("what", "value"), tuple(input_rows(manifest)), texts=2))
    for part in ("machine", "workload"):
        text = json.dumps(manifest.get(part, {}).get("resolved"), indent=1, ensure_ascii=False)
        yield f"<details><summary>{part}, every value</summary><pre>{escape(text)}</pre></details>"


def input_rows(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a manifest tells of how a result was made, nothing without one."""
    if not manifest:
        return []
    code = f", code {manifest['simslab_code']}" if "simslab_code" in manifest else ""
    rows = [
        ("simslab", f"{manifest.get('simslab_version')}{code}"),
        ("seeds", ", ".join(map(str, manifest.get("seeds", [])))),
    ]
    for part in ("machine", "workload"):
        for each in manifest.get(part, {}).get("overrides", []):
            rows.append(
                (f"{part}: {each['path']}", f"{json.dumps(each['value'])} instead of {json.dumps(each['previous'])}")
            )
    rows += [(f"file {name}", f"SHA-256 {digest}") for name, digest in manifest.get("inputs", {}).items()]
    host = manifest.get("host", {})
    rows += [("command", shlex.join(["simslab", *host["command"][1:]]))] if "command" in host else []
    rows.append(("packages", ", ".join(f"{name} {version}" for name, version in host.get("packages", {}).items())))
    return rows


def _figures(sources: Sources, with_machine: bool) -> Iterator[str]:
    kinds = (*FIGURES, ("topology", "The machine")) if with_machine else FIGURES
    for number, (kind, caption) in enumerate(kinds):
        yield figure(sources, kind, caption, number, width=7.0 if kind == "topology" else 4.6)

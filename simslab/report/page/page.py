"""`simslab report`: what was run, the summary, figures, tables and views of one stored run, in one HTML file.

Nothing is loaded from anywhere: figures are SVG within the page, style and script too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from rich.text import Text

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, settle_layout
from simslab.report.figure_files import rendered
from simslab.report.page.tables_html import table_html
from simslab.report.plot.kinds import draw
from simslab.report.plot.options import Options
from simslab.report.plot.sources import Sources
from simslab.report.run.summary import summary_parts
from simslab.report.tables import Table
from simslab.report.views.all_views import VIEWS, view_text
from simslab.result.measurement import Measurement

LARGEST: Final = 1_000_000  # bytes
FIGURES: Final = (("ccdf", "Tail of the latency, by path"), ("cdf", "Cumulative share, by path"),
                  ("attribution", "Where the cycles went"), ("nodes", "Objects by node"))  # fmt: skip
STYLE: Final = """
:root{color-scheme:light dark;
--ink:#1a1a1a;--paper:#fff;--faint:#666;--line:#ccc;--band:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--faint:#9aa0a6;--line:#3c4043;--band:#1f2226}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:76rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;border-bottom:1px solid var(--line);margin-top:2rem}h3{font-size:1rem}
.wide,pre{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
th{text-align:left;cursor:pointer;border-bottom:1px solid var(--line);white-space:nowrap}
th[aria-sort=ascending]::after{content:" \\2191"}th[aria-sort=descending]::after{content:" \\2193"}
td,th{padding:.15rem .6rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody tr:nth-child(even){background:var(--band)}
.note{color:var(--faint);font-size:.85rem;white-space:pre-line}
figure{display:inline-block;margin:.5rem 1rem .5rem 0;vertical-align:top;
background:#fff;padding:.5rem;border-radius:4px}
figcaption{color:#444;font-size:.85rem}figure svg{max-width:100%;height:auto}
pre{font-size:.8rem;background:var(--band);padding:.6rem}summary{cursor:pointer}
@media print{:root{--ink:#000;--paper:#fff;--band:#f4f4f4;--line:#999;--faint:#444}
body{max-width:none;font-size:10pt}section,figure{break-inside:avoid}
.wide,pre{overflow:visible}pre{white-space:pre-wrap;font-size:6pt}table{font-size:8pt}}
"""
# Sorts a table by the head clicked, largest first, then the other way; numbers as numbers.
SCRIPT: Final = """
for(const head of document.querySelectorAll("th")){
const sort=()=>{
const row=head.parentNode,at=[...row.children].indexOf(head),body=head.closest("table").tBodies[0];
const up=head.getAttribute("aria-sort")==="descending";
for(const other of row.children)other.removeAttribute("aria-sort");
head.setAttribute("aria-sort",up?"ascending":"descending");
const value=r=>{
const text=r.children[at].textContent.trim(),n=parseFloat(text.replace(/,/g,""));return isNaN(n)?text:n};
const order=(a,b)=>{const x=value(a),y=value(b);
return typeof x===typeof y?(x<y?-1:x>y?1:0):typeof x==="number"?-1:1};
const rows=[...body.rows].sort(order);
if(!up)rows.reverse();
body.append(...rows)};
head.addEventListener("click",sort);
head.addEventListener("keydown",e=>{if(e.key==="Enter")sort()})}
"""


def page_html(sources: Sources) -> str:
    """Return the page of the one run in `sources`; UserError if there is another number of them."""
    measurement = sources.arms[0].measurement if len(sources.arms) == 1 else None
    if measurement is None:
        raise UserError("a report is of one run", expected="one directory of `run --out`")
    page = "\n".join(_page(sources, measurement, sources.arms[0].manifest))
    if len(page.encode()) > LARGEST:
        raise UserError(f"the page has {len(page.encode()):,} bytes", expected=f"at most {LARGEST:,}")
    return page


def _page(sources: Sources, measurement: Measurement, manifest: Mapping[str, Any]) -> Iterator[str]:
    title = escape(f"{measurement.workload} on {measurement.machine}")
    yield f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
    yield '<meta name=viewport content="width=device-width,initial-scale=1"><link rel=icon href="data:,">'
    yield f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
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
    yield f"<script>{SCRIPT}</script></body></html>"


def _inputs(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield versions, seeds, overrides, files and the command line, then the whole machine and workload."""
    if not manifest:
        yield "<p class=note>The result has no manifest.</p>"
        return
    rows = [
        ["simslab", str(manifest.get("simslab_version"))],
        ["seeds", ", ".join(map(str, manifest.get("seeds", [])))],
    ]
    for part in ("machine", "workload"):
        for each in manifest.get(part, {}).get("overrides", []):
            rows.append(
                [f"{part}: {each['path']}", f"{json.dumps(each['value'])} instead of {json.dumps(each['previous'])}"]
            )
    rows += [[f"file {name}", f"SHA-256 {digest}"] for name, digest in manifest.get("inputs", {}).items()]
    host = manifest.get("host", {})
    rows += [["command", " ".join(host["command"])]] if "command" in host else []
    rows.append(["packages", ", ".join(f"{name} {version}" for name, version in host.get("packages", {}).items())])
    yield table_html(Table("Inputs", ("what", "value"), tuple(tuple(row) for row in rows), texts=2))
    for part in ("machine", "workload"):
        text = json.dumps(manifest.get(part, {}).get("resolved"), indent=1, ensure_ascii=False)
        yield f"<details><summary>{part}, every value</summary><pre>{escape(text)}</pre></details>"


def _figures(sources: Sources, with_machine: bool) -> Iterator[str]:
    kinds = (*FIGURES, ("topology", "The machine")) if with_machine else FIGURES
    for number, (kind, caption) in enumerate(kinds):
        try:
            drawing = _svg(sources, kind, number)
        except UserError as error:  # a part that this result does not hold
            yield f"<p class=note>{escape(caption)}: {escape(str(error))}</p>"
            continue
        yield f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"


def _svg(sources: Sources, kind: str, number: int) -> str:
    """Return a figure as an element of the page, its ids its own."""
    width = 7.0 if kind == "topology" else 4.6
    with house_style(8.0):
        figure = draw(sources, kind, Options(width=width, font_size=8.0, title="none")).figure
        settle_layout(figure)
        text = rendered(figure, ".svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>f{number}", text)

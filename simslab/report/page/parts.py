"""What every page has: style, script, the first and last lines, and figures within the text."""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, settle_layout
from simslab.report.figure_files import rendered
from simslab.report.plot.kinds import draw
from simslab.report.plot.options import Options
from simslab.report.plot.sources import Sources

LARGEST: Final = 1_000_000  # bytes
STYLE: Final = """
:root{color-scheme:light dark;
--ink:#1a1a1a;--paper:#fff;--faint:#666;--line:#ccc;--band:#f4f6f8;--mark:#dce8f5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--faint:#9aa0a6;--line:#3c4043;--band:#1f2226;--mark:#2b3a4d}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:76rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;border-bottom:1px solid var(--line);margin-top:2rem}h3{font-size:1rem}
.wide,pre{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
th{text-align:left;cursor:pointer;border-bottom:1px solid var(--line);white-space:nowrap}
th[aria-sort=ascending]::after{content:" \\2191"}th[aria-sort=descending]::after{content:" \\2193"}
td,th{padding:.15rem .6rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody tr:nth-child(even){background:var(--band)}
tbody tr:hover{background:var(--mark)}abbr[title]{text-decoration:underline dotted var(--faint);cursor:help}
.note{color:var(--faint);font-size:.85rem;white-space:pre-line}
figure{display:inline-block;margin:.5rem 1rem .5rem 0;vertical-align:top;
background:#fff;padding:.5rem;border-radius:4px}
figcaption{color:#444;font-size:.85rem}figure svg{max-width:100%;height:auto}
pre{font-size:.8rem;background:var(--band);padding:.6rem}summary{cursor:pointer}
@media print{:root{--ink:#000;--paper:#fff;--band:#f4f4f4;--line:#999;--faint:#444}
body{max-width:none;font-size:10pt}section,figure{break-inside:avoid}h2,h3{break-after:avoid}
abbr[title]{text-decoration:none}.wide,pre{overflow:visible}pre{white-space:pre-wrap;font-size:6pt}table{font-size:8pt}}
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


def opening(title: str) -> str:
    """Return a page up to its heading."""
    told = escape(title)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{told}</title>\n"
        '<meta name=viewport content="width=device-width,initial-scale=1"><link rel=icon href="data:,">\n'
        f"<style>{STYLE}</style></head><body><h1>{told}</h1>"
    )


def closing() -> str:
    """Return the end of a page, with the script that sorts tables."""
    return f"<script>{SCRIPT}</script></body></html>"


def checked(page: str) -> str:
    """Return the page; UserError if it is larger than one sends."""
    if len(page.encode()) > LARGEST:
        raise UserError(f"the page has {len(page.encode()):,} bytes", expected=f"at most {LARGEST:,}")
    return page


def figure(sources: Sources, kind: str, caption: str, number: int, **options: Any) -> str:
    """Return a figure of the page, or a note of what a result lacks for it; `number` tells its ids from others'."""
    try:
        drawing = _svg(sources, kind, number, **options).replace(
            "<svg ", f'<svg role=img aria-label="{escape(caption)}" ', 1
        )
    except UserError as error:
        return f"<p class=note>{escape(caption)}: {escape(str(error))}</p>"
    drawing = drawing.replace("<svg ", f'<svg role=img aria-label="{escape(caption)}" ', 1)
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"


def _svg(sources: Sources, kind: str, number: int, **options: Any) -> str:
    """Return a figure as an element of the page, its ids its own."""
    look = {"width": 4.6, "font_size": 8.0, "title": "none", **options}
    with house_style(8.0):
        figure = draw(sources, kind, Options(**look)).figure
        settle_layout(figure)
        text = rendered(figure, ".svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>f{number}", text)

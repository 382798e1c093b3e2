"""The page of a run holds everything itself, and its tables sort in a browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from simslab.base.errors import UserError
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import run_once
from simslab.report.page.page import page_html
from simslab.report.page.parts import LARGEST
from simslab.report.plot.sources import Sources, measurement_arm, read_sources

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "out"
    run_once(load_inputs("two-socket", "mixed-remote", ["scale=0.02"]), out=out)
    return read_sources([str(out)])


@pytest.fixture(scope="module")
def page(sources):
    return page_html(sources)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_nothing_is_loaded_from_anywhere(page):
    parser = Elements()
    parser.feed(page)
    links = [value for _, found in parser.found for key, value in found.items() if key in ("src", "href", "xlink:href")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_the_page_is_small_and_has_all_its_parts(page):
    assert len(page.encode()) < LARGEST
    parser = Elements()
    parser.feed(page)
    tags = [tag for tag, _ in parser.found]
    assert tags.count("svg") == 5
    for text in ("Inputs", "Latency (ns)", "Locks (times in ns)", "slabtop", "lock_stat", "scale", "SHA-256"):
        assert text in page


def test_ids_of_the_figures_are_their_own(page):
    parser = Elements()
    parser.feed(page)
    ids = [found["id"] for _, found in parser.found if "id" in found]
    assert len(ids) == len(set(ids))


def test_the_same_run_gives_the_same_page(page, sources):
    assert page_html(sources) == page


def test_names_are_text(measurement):
    measurement.workload = "<script>alert(1)</script>"
    assert "<script>alert" not in page_html(Sources((measurement_arm(measurement, "a"),)))


def test_a_report_is_of_one_run(measurement):
    arm = measurement_arm(measurement, "a")
    with pytest.raises(UserError, match="a report is of one run"):
        page_html(Sources((arm, arm)))


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
def test_a_click_on_a_head_sorts_in_a_browser(page, tmp_path):
    click = """<script>const heads=[...document.querySelectorAll("th")].filter(h=>h.textContent==="count");
    heads[0].click();const rows=heads[0].closest("table").tBodies[0].rows;
    document.title=[...rows].map(r=>r.children[2].textContent.replace(/,/g,"")).join(" ")</script>"""
    (tmp_path / "page.html").write_text(page.replace("</body>", click + "</body>"))
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run([*command, "--dump-dom", (tmp_path / "page.html").as_uri()], capture_output=True, timeout=120)
    counts = [int(word) for word in re.search(r"<title>([\d ]+)</title>", done.stdout.decode())[1].split()]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 3

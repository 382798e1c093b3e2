"""Every call site that a result may name is explained, and no other."""

import re
from pathlib import Path

import simslab
from simslab.kernel.irq.softirq import SOFTIRQ_NAMES
from simslab.machine.accounting import callsites
from simslab.report.call_sites import CALL_SITES, SOFTIRQS

ROOT = Path(simslab.__file__).parent
OF_RUNS = ("machine", "kernel", "slab_common", "slab", "slub", "workload")


def test_every_call_site_is_explained_and_no_other():
    files = [file for part in OF_RUNS for file in (ROOT / part).rglob("*.py")]
    found = {name for file in files for name in re.findall(r'\bsite\("(.+?)"\)', file.read_text(encoding="utf-8"))}
    assert found | {callsites.site_name(0)} == set(CALL_SITES)


def test_every_softirq_is_explained_and_no_other():
    assert list(SOFTIRQS) == list(SOFTIRQ_NAMES)

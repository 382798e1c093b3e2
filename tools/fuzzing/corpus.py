"""The valid inputs that are mutated: shipped files, the tests' small inputs, first lines of recordings."""

from __future__ import annotations

import gzip
import itertools
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fuzzing import mutations

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"


def shipped(kind: str) -> list[Path]:
    """Return the shipped machines or workloads."""
    return sorted((ROOT / kind).glob("*.yaml"))


def yaml_trees(kind: str) -> list[Any]:
    """Return the shipped files of a kind as trees, those alone that extend nothing and replay nothing."""
    read = [yaml.safe_load(path.read_text()) for path in shipped(kind)]
    return [tree for tree in read if "extends" not in tree and "trace" not in tree]


SETTINGS = (
    "core.ipc=2", "l2.size=1 MiB", "scale=0.1", "threads[0].steps[1].operations=10", "nodes[0].memory=2 GiB",
    "tunables.churn={limit: 30, batchcount: 15}", "far:links.upi.latency=120 ns,core.ipc=2", "core.ipc=1,2,x1.5",
    "links[0].latency=+20 ns,x2", "machine=one-node,two-socket", "batchcount <= limit", "core.ipc * 2 < scale + 1",
    "1%", "1/3", "caches.churn.size=8", "seed=1",
)  # fmt: skip


def trace_texts() -> list[str]:
    """Return recordings of every layout, their first lines."""
    found = [path.read_text(errors="replace") for path in sorted((TESTS / "workload/trace/recorded").iterdir())]
    for name in ("untar-rm", "hackbench-sockets"):
        with gzip.open(ROOT / "workloads" / f"{name}.txt.gz", "rt") as stream:
            found.append("".join(itertools.islice(stream, 40)))
    return [text[:6000] for text in found]


TRACE_WORDS = (
    *mutations.WORDS, "ptr=", "(null)", "0x0", "ffff888000000000", "bytes_req=0", "bytes_alloc=99999999999", "node=-1",
    "node=7", "gfp_flags=GFP_KERNEL|__GFP_ZERO", "gfp_flags=0xffffffffffffffff", "[mod]", "CPU:3 [LOST 12 EVENTS]",
    "kmem_cache_free:", "kmalloc:", "kfree:", "mm_page_alloc:", "[065536]", "99999999999.000001:", "=>",
    "accounted=true", "name=kmalloc-64",
)  # fmt: skip


def case_texts(suffix: str, begins: str = "") -> list[str]:
    """Return the small inputs of the importers' tests."""
    texts = [path.read_text() for path in sorted((TESTS / "instruments/exchange/cases").glob(f"*.{suffix}"))]
    return [text for text in texts if begins in text]


def runs_of_mlc() -> list[str]:
    """Return the two runs of MLC that a case holds."""
    (both,) = case_texts("txt", "latencies")
    begin = both.index("Measuring idle", both.index("Measuring idle") + 1)
    return [both[:begin], both[begin:]]


@cache
def exported() -> list[str]:
    """Return a few machines as lstopo would write them."""
    from simslab.instruments.exchange.hwloc.export import export_hwloc
    from simslab.machine.library import load_machine

    return [export_hwloc(load_machine(name)) for name in ("one-node", "memory-only-node", "knights-landing")]


TABLE = """machine,metric,from,to,state,value,unit
m,l1_latency,,,,4,cycles
m,l2_latency,,,,14,cycles
m,dram_idle_latency,node0,node0,random,80,ns
m,dram_idle_latency,node0,node1,,130-140,ns
m,c2c_latency,node0,node1,M,100,ns
m,slit_row,node0,,,10 21,
m,dram_read_bandwidth_scan,4 cores,node0,,50,GB/s
m,dram_loaded_latency,node0,node0,total_bw=30,90,ns
m,link_bandwidth,node0,node1,,30,GB/s
m,l3_bandwidth,8 cores,,read,200,GB/s
m,page_walk,,,,30,cycles
m,lock_handover,core,core,,50,ns
"""

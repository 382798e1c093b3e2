"""What the words in results mean, in one place; tests check that every operation, path, cause and call site is there.

Code names are those of Linux 5.10; where a path or cause belongs to one function of the kernel, it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.report.call_sites import CALL_SITES, MEMCG_COLUMNS, SOFTIRQS
from simslab.result.measurement import EVENTS

OPERATION: Final = "operation"
PATH: Final = "path"
CAUSE: Final = "cause"
LOCK: Final = "lock"
COUNTER: Final = "counter"
TUNABLE: Final = "tunable"
HEAP: Final = "age of the heap"
CALL_SITE: Final = "call site"
SOFTIRQ: Final = "softirq"
MEMCG: Final = "memory cgroups"


@dataclass(frozen=True)
class Term:
    """One word: what kind of thing it names, and its meaning. A word may name several."""

    name: str
    kind: str
    meaning: str


_OPERATIONS: Final = {
    "alloc": "one object from a cache: kmem_cache_alloc, kmalloc and their _node variants",
    "free": "one object back: kmem_cache_free or kfree",
    "bulk_alloc": "kmem_cache_alloc_bulk: several objects in one call, one operation",
    "bulk_free": "kmem_cache_free_bulk: several objects in one call, one operation",
}
# By the code's name in simslab.slab.paths and simslab.slub.paths; results show it without alloc_ and free_.
_PATHS: Final = {
    "none": "no allocator operation ran",
    "alloc_hit": "an allocation from the CPU's own array (array_cache): no lock, the common case",
    "alloc_refill_shared": "the CPU's array was empty and refilled from the node's shared array, under list_lock "
    "(cache_alloc_refill, transfer_objects)",
    "alloc_refill_slabs": "the CPU's array was empty, and so was the shared one: batchcount objects came from partial "
    "or free slabs, under list_lock (cache_alloc_refill, alloc_block)",
    "alloc_grow": "no slab of the node had a free object: a new slab was made from pages (cache_grow_begin)",
    "alloc_node_slabs": "one object straight from the slabs of the node asked for, past all arrays "
    "(____cache_alloc_node)",
    "alloc_node_grow": "as node_slabs, but the node had to make a new slab first",
    "alloc_fallback": "the node had no memory: the zonelist was walked for another (fallback_alloc)",
    "alloc_failed": "no memory, or a failure injected by failslab: NULL was returned",
    "free_hit": "a free into the CPU's own array: no lock, the common case",
    "free_flush_shared": "the CPU's array was full: its batchcount oldest entries went to the node's shared array, "
    "under list_lock (cache_flusharray)",
    "free_flush_slabs": "the CPU's array and the shared one were full: the oldest entries went back into their slabs "
    "(cache_flusharray, free_block)",
    "free_alien": "the object's memory is on another node: it went into this node's alien array for that node, under "
    "its alien_lock (__cache_free_alien)",
    "free_alien_drain": "as alien, but the array was full and was sent home first (__drain_alien_cache)",
    "free_remote_slabs": "the object's memory is on another node and there are no alien arrays (noaliencache): "
    "straight into the other node's slab, under its list_lock",
    "alloc_bulk": "kmem_cache_alloc_bulk, whatever way its objects came",
    "free_bulk": "kmem_cache_free_bulk, whatever way its objects went",
    "shrink": "kmem_cache_shrink: all arrays drained, all free slabs given back",
    "reap": "cache_reap, every two seconds on each CPU: arrays that nobody used lose a fifth of their room, and a "
    "part of the free slabs is given back",
    "free_pfmemalloc": "an object of a slab of the page reserves: straight into its slab, past all arrays",
    "alloc_fast": "SLUB: an allocation from the CPU's own freelist by this_cpu_cmpxchg_double: no lock, interrupts on",
    "alloc_refill_page": "SLUB: the CPU's freelist was empty and taken anew from what others had freed into the CPU's "
    "slab (get_freelist)",
    "alloc_cpu_partial": "SLUB: the next slab of the CPU's own list of partial slabs became its slab",
    "alloc_node_partial": "SLUB: slabs came from the partial list of a node, under list_lock (get_partial)",
    "alloc_new_slab": "SLUB: no partial slab anywhere in reach: a new one was made from pages (new_slab)",
    "free_fast": "SLUB: a free into the slab that the CPU allocates from, by this_cpu_cmpxchg_double",
    "free_frozen": "SLUB: a free into a slab that some CPU has, by cmpxchg_double on its struct page (__slab_free)",
    "free_cpu_partial": "SLUB: the first free into a full slab, which went to this CPU's list of partial slabs "
    "(put_cpu_partial)",
    "free_drain": "SLUB: as cpu_partial, but the CPU's list was full and moved to the nodes first (unfreeze_partials)",
    "free_node_partial": "SLUB: a free into a slab of a node's partial list",
    "free_slab": "SLUB: the last object of a slab that the node did not keep: its pages were given back (discard_slab)",
}
_CAUSES: Final = {
    "instructions": "executing the path's instructions, those of the compiled kernel, at the core's rate",
    "l1": "hits in the first-level cache; always 0, as they cost nothing beyond their instruction",
    "l2": "lines that came from the core's own second-level cache",
    "l3": "lines that came from the L3 of the CPU's own domain",
    "other_core": "lines that another core below the same L3 had in its private cache",
    "local_dram": "lines that came from the memory of the CPU's own node",
    "remote_cache": "lines that came from a cache below another L3: another package or die had touched them last",
    "remote_dram": "lines that came from another node's memory",
    "link_queue": "waiting for bandwidth of a link between nodes",
    "dram_queue": "waiting for bandwidth of a memory channel",
    "lock_wait": "spinning for a lock that another CPU held",
    "lock_handover": "the lock's line arriving after such a wait",
    "irq_mask": "masking and unmasking interrupts: pushf, cli, sti, popf (local_irq_save and local_irq_restore), which "
    "every allocation and free does",
    "irq_handler": "interrupts that were delivered inside an operation, handlers' own operations included",
    "page_allocator": "getting pages for slabs, or giving them back, zone locks included",
    "locked": "executing locked instructions (atomic read-modify-write), beyond the arrival of their line",
    "clear": "clearing objects (rep stosb): __GFP_ZERO, init_on_alloc, init_on_free; pages count as page_allocator",
    "wait": "outside operations: idle, waiting for another thread or for a recorded time",
    "work": "outside operations: the workload's think time",
    "ipi_wait": "waiting until other CPUs have answered an inter-processor interrupt (draining arrays everywhere)",
    "tlb": "translating addresses: hits in the second-level TLB and page walks",
    "store_buffer": "stalls by a full store buffer, and locked operations that waited until it had drained",
    "cache_queue": "waiting for the bandwidth of a cache, or for a line that is under way for another core",
}
_LOCKS: Final = {
    "list_lock": "the spinlock of one cache on one node (kmem_cache_node.list_lock): slab lists and shared array",
    "alien_lock": "the spinlock of one alien array (alien_cache.lock): taken by each free of another node's object",
    "zone.lock": "the spinlock of a zone's free lists, in the page allocator",
}
_TUNABLES: Final = {
    "limit": "the most objects in a CPU's array of a cache; /proc/slabinfo",
    "batchcount": "how many objects move at once between a CPU's array and shared array or slabs; /proc/slabinfo",
    "cpu_partial": "SLUB: objects that a CPU's list of partial slabs may hold; /sys/kernel/slab/CACHE/cpu_partial",
    "min_partial": "SLUB: partial slabs that a node keeps, empty ones included; /sys/kernel/slab/CACHE/min_partial",
    "remote_node_defrag_ratio": "SLUB: percent of searches of a node's empty list that go on to other nodes",
    "shared": "the shared array of each node holds shared x batchcount objects; 0: there is none; /proc/slabinfo",
}
_COUNTERS: Final = {
    "numa_hit": "pages that came from the node asked for",
    "numa_miss": "pages that came from this node although another was asked for",
    "numa_foreign": "pages that were asked for here and came from another node",
    "interleave_hit": "pages that an interleave policy wanted here and got here",
    "local_node": "pages of this node that its own CPUs asked for",
    "other_node": "pages of this node that other nodes' CPUs asked for",
}
_HEAP: Final = {
    "fresh": "the workload's caches are as the boot left them",
    "aged": "before the run slabs were filled, objects replaced at random and freed down to a share (heap: aged)",
    "fragmented": "before the run slabs were filled and of each the same share of objects kept, so that none is free",
}
GLOSSARY: Final[tuple[Term, ...]] = tuple(
    Term(name, kind, meaning)
    for kind, terms in (
        (OPERATION, _OPERATIONS),
        (PATH, _PATHS),
        (CAUSE, _CAUSES),
        (LOCK, _LOCKS),
        (TUNABLE, _TUNABLES),
        (COUNTER, _COUNTERS),
        (HEAP, _HEAP),
        ("event", EVENTS),
        (CALL_SITE, CALL_SITES),
        (SOFTIRQ, SOFTIRQS),
        (MEMCG, MEMCG_COLUMNS),
    )
    for name, meaning in terms.items()
)


def look_up(word: str) -> list[Term]:
    """Return what a word means, of a path also without its operation; UserError if it is none of results' words."""
    wanted = _plain(word.strip().replace("/", "_"))
    found = [term for term in GLOSSARY if wanted in (_plain(term.name), _plain(_short(term)))]
    if found:
        return found
    names = [name for term in GLOSSARY for name in (term.name, _short(term))]
    raise UserError(f"'{word}' is no word of results", expected="one that `simslab explain` lists",
                    near=near_miss(wanted, names))  # fmt: skip


def _plain(word: str) -> str:
    return word.replace(" ", "_").lower()


@cache
def meanings() -> dict[str, str]:
    """Return what each word means as results print it; of one that names several things, all of them."""
    found: dict[str, list[Term]] = {}
    for term in GLOSSARY:
        for name in dict.fromkeys((term.name, _short(term))):
            found.setdefault(name, []).append(term)
    return {
        name: terms[0].meaning if len(terms) == 1 else "; ".join(f"{term.name}: {term.meaning}" for term in terms)
        for name, terms in found.items()
    }


def _short(term: Term) -> str:
    return term.name.removeprefix("alloc_").removeprefix("free_") if term.kind == PATH else term.name

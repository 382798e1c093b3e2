"""A made-up measurement with something in every part."""

import pytest

from simslab.result.measurement import (
    AttributionRow,
    CpuRow,
    InterruptRow,
    IrqOffRow,
    LatencyRow,
    LockRow,
    Measurement,
    NodeRow,
    TraceSummary,
    TransferRow,
)

# operation, path, operations, centre of the latencies in cycles, causes in parts of the total
PATHS = [
    ("alloc", "hit", 9000, 46, {"instructions": 5, "l1": 4, "irq_mask": 3}),
    ("alloc", "refill_shared", 500, 420, {"instructions": 4, "other_core": 6, "lock_handover": 2, "lock_wait": 1}),
    ("alloc", "refill_slabs", 400, 1150, {"instructions": 5, "l3": 3, "local_dram": 7, "lock_wait": 3}),
    ("alloc", "grow", 60, 4100, {"instructions": 3, "local_dram": 5, "page_allocator": 9}),
    ("free", "hit", 8200, 40, {"instructions": 5, "l1": 3, "irq_mask": 3}),
    ("free", "flush_slabs", 350, 1600, {"instructions": 5, "l3": 6, "local_dram": 4, "lock_wait": 2}),
    ("free", "alien", 900, 95, {"instructions": 5, "l2": 2, "irq_mask": 2}),
    ("free", "alien_drain", 110, 5200, {"remote_cache": 8, "remote_dram": 6, "lock_wait": 7, "link_queue": 1}),
]


def spread(count, centre):
    """Counts over 40 values around `centre` with a long tail, `count` in all."""
    values = [max(1, centre * (60 + 4 * i + i * i // 3) // 100) for i in range(40)]
    weights = [1 + 1000 // (1 + (i - 9) ** 2) for i in range(40)]
    counts = [count * weight // sum(weights) for weight in weights]
    counts[9] += count - sum(counts)
    merged = {}
    for value, number in zip(values, counts, strict=True):
        merged[value] = merged.get(value, 0) + number
    kept = sorted((value, number) for value, number in merged.items() if number)
    return tuple(value for value, _ in kept), tuple(number for _, number in kept)


def attribution(operation, path, row, parts):
    total = sum(value * count for value, count in zip(row.cycles, row.counts, strict=True))
    causes = {name: total * part // sum(parts.values()) for name, part in parts.items()}
    causes["instructions"] = causes.get("instructions", 0) + total - sum(causes.values())
    return AttributionRow(operation, path, sum(row.counts), total, causes)


def sample_measurement(seed=1, scale=100):
    latency, attributed = [], []
    for operation, path, count, centre, parts in PATHS:
        cycles, counts = spread(count, centre * (scale + seed % 3) // 100)
        row = LatencyRow(operation, path, "kmalloc-256", cycles, counts)
        latency.append(row)
        attributed.append(attribution(operation, path, row, parts))
    return Measurement(
        machine="two-socket",
        workload="remote-free",
        seed=seed,
        frequency_hz=2_300_000_000,
        cycles=1_940_221,
        latency=latency,
        attribution=attributed,
        cpus=[CpuRow(0, 0, 9960, 1_500_000, 1_940_221, {"instructions": 1_500_000, "wait": 440_221})],
        nodes=[
            NodeRow(0, (4980, 0), (4100, 610), {"numa_hit": 61, "numa_miss": 0, "local_node": 61, "other_node": 0}),
            NodeRow(1, (12, 4968), (400, 4450), {"numa_hit": 58, "numa_miss": 2, "local_node": 57, "other_node": 3}),
        ],
        locks=[
            LockRow(
                "kmem_cache_node.list_lock",
                "cache_alloc_refill",
                960,
                40,
                12,
                2210,
                20_400 * scale // 100,
                30,
                1900,
                402_100,
            ),
            LockRow("kmem_cache_node.list_lock", "drain_alien_cache", 110, 31, 90, 4100, 61_000, 800, 4300, 300_000),
            LockRow("zone.lock", "rmqueue", 9, 0, 0, 0, 0, 120, 410, 2000),
        ],
        irqs_off=[
            IrqOffRow("slab_alloc", 9960, 1_100_000, 7213 * scale // 100, (46, 7213), (9959, 1)),
            IrqOffRow("kmem_cache_free", 9560, 1_400_000, 9100, (40, 9100), (9559, 1)),
        ],
        interrupts=[InterruptRow("tick", 12, 3, 900, 611, 30_000)],
        transfers=[TransferRow(0, "local_dram", 800, 170_000), TransferRow(1, "remote_cache", 210, 52_000)],
        slabinfo="slabinfo - version: 2.1\n",
        conservation={"allocated": 9960, "freed": 9560, "live": 400, "failed": 0},
        trace=TraceSummary(
            "untar-rm.txt.gz",
            20_112,
            20_000,
            19_520,
            {"freed before the trace began": 478, "not understood": 2},
            ("x y z",),
        ),
        events={"cycles_counted_twice": 3000, "operations_in_handlers": 20, "packets_dropped": 0, "settles": 62},
    )


@pytest.fixture
def measurement():
    return sample_measurement()


@pytest.fixture
def make_measurement():
    return sample_measurement

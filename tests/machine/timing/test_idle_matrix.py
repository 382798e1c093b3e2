from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology


def latencies(*overrides):
    spec = load_machine("two-socket", overrides)
    timing = build_timing(spec, build_topology(spec))
    cells = [[timing.dram_latency(a, b) for b in (0, 1)] for a in (0, 1)]
    return [[round(cell * 1e9 / timing.frequency_hz) for cell in row] for row in cells]


def test_the_cells_are_the_idle_latencies():
    # The way between the nodes is the same from both ends: 60 ns beyond either memory.
    matrix = "idle_latency={impl: matrix, dram: [[90 ns, 160 ns], [150 ns, 100 ns]]}"
    assert latencies(matrix) == [[90, 160], [150, 100]]


def test_of_two_ways_that_differ_both_get_the_mean():
    assert latencies("idle_latency={impl: matrix, dram: [[90 ns, 150 ns], [152 ns, 90 ns]]}") == [[90, 151], [151, 90]]


def test_links_and_row_misses_do_not_count_beside_a_matrix():
    matrix = "idle_latency={impl: matrix, dram: [[90 ns, 150 ns], [150 ns, 90 ns]]}"
    link = "links=[{between: [0, 1], latency: 99 ns, bandwidth: 34 GB/s}]"  # one alone is refused
    dram = "dram={latency: 400 ns, bandwidth: 18.5 GB/s, row_miss: 30 ns}"
    assert latencies(matrix, dram, link) == [[90, 150], [150, 90]]

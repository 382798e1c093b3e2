import pytest

from simslab.base.errors import UserError
from simslab.instruments.exchange.importer import import_mlc
from simslab.instruments.exchange.mlc import read_mlc
from simslab.machine.machine import build_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology

TEXT = """Intel(R) Memory Latency Checker - v3.9
Measuring idle latencies for sequential access (in ns)...
\t\tNuma node
Numa node\t     0\t     1\t     2\t
       0\t  80.0\t 140.0\t 270.0\t
       1\t 140.0\t  80.0\t 340.0\t

Measuring Peak Injection Memory Bandwidths for the system
Bandwidths are in MB/sec (1 MB/sec = 1,000,000 Bytes/sec)
ALL Reads        :\t217340.7\t

Measuring Memory Bandwidths between nodes within system
Using Read-only traffic type
\t\tNuma node
Numa node\t     0\t     1\t     2\t
       0\t108000.0\t34400.0\t17000.0\t
       1\t34000.0\t108600.0\t16000.0\t

Measuring Loaded Latencies for the system
Inject\tLatency\tBandwidth
Delay\t(ns)\tMB/sec
==========================
 00000\t268.45\t 217110.6

Measuring cache-to-cache transfer latency (in ns)...
Local Socket L2->L2 HIT  latency\t48.6
Local Socket L2->L2 HITM latency\t49.0
Remote Socket L2->L2 HITM latency (data address homed in writer socket)
\t\t\tReader Numa Node
Writer Numa Node     0\t     1\t
            0\t     -\t 114.2
            1\t 114.4\t     -
Remote Socket L2->L2 HITM latency (data address homed in reader socket)
\t\t\tReader Numa Node
Writer Numa Node     0\t     1\t
            0\t     -\t 178.0
            1\t 178.0\t     -
"""


@pytest.fixture
def timing(imported):
    spec, _ = imported("mlc", TEXT)
    return build_timing(spec, build_topology(spec))


def near(cycles, timing, nanoseconds):
    return abs(cycles * 1e9 / timing.frequency_hz - nanoseconds) < 1.0


def test_idle_latencies_are_those_measured(timing):
    for domain, row in enumerate([(80, 140, 270), (140, 80, 340)]):
        for node, nanoseconds in enumerate(row):
            assert near(timing.dram_latency(domain, node), timing, nanoseconds)


def test_a_load_on_the_machine_takes_what_was_measured(imported):
    spec, _ = imported("mlc", TEXT)
    machine = build_machine(spec)
    machine.cpus[0].read(machine.topology.nodes[2].base + 4096)  # its page is translated from now on
    before = machine.cpus[0].now
    machine.cpus[0].read(machine.topology.nodes[2].base)
    taken = machine.cpus[0].now - before + machine.timing.core.hidden
    assert near(taken, machine.timing, 270.0)


def test_transfers_between_caches_are_those_measured(timing):
    assert near(timing.cache_latency(0, 0, 0), timing, 49.0)
    assert near(timing.cache_latency(0, 0, 1), timing, 178.0)


def test_bandwidths_become_channels_and_links(imported):
    spec, _ = imported("mlc", TEXT)
    assert spec.dram.bandwidth * spec.dram.channels == 108_000_000_000
    link = next(link for link in spec.links if link.between == [0, 1])
    assert (link.bandwidth, link.back_bandwidth) == (34_000_000_000, 34_400_000_000)


def test_a_node_without_a_row_is_memory_only(imported):
    assert build_topology(imported("mlc", TEXT)[0]).nodes[2].memory_only


def test_a_column_without_figures_is_a_node_without_memory(imported):
    text = TEXT.replace("80.0\t 340.0", "-\t 340.0").replace("80.0\t 140.0", "80.0\t -")
    nodes = build_topology(imported("mlc", text)[0]).nodes
    assert (len(nodes[1].cpus) > 0, nodes[1].memory) == (True, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no matrix of idle latencies"),
        ("Intel(R) Memory Latency Checker - v3.9\nCommand line parameters: --x\n", "holds no matrix of idle latencies"),
        (TEXT.replace("140.0\t 270.0", "140.0"), "found:5:1: 2 values in 3 columns"),
        (TEXT.replace("140.0\t  80.0", "-\t  80.0"), "has no idle latency from node 1 to node 0"),
        (TEXT.replace("80.0", "8.0"), "too short for memory"),
    ],
)
def test_bad_input_is_one_message(text, message, imported):
    with pytest.raises(UserError, match=message) as caught:
        imported("mlc", text)
    assert len(caught.value.problems) == 1


SWEEP = """ 00000\t268.45\t 180000.0
 00002\t250.00\t 190000.0
 00050\t160.00\t 184000.0
 00100\t110.00\t 150000.0
 00500\t 90.00\t 60000.0
 20000\t 85.00\t 2000.0
"""


def test_loaded_latencies_become_the_curve_of_each_node_that_has_cores(imported):
    from simslab.instruments.measure.loaded import loaded_latency

    spec, text = imported("mlc", TEXT.replace(" 00000\t268.45\t 217110.6\n", SWEEP))
    points = [(bandwidth / 1e9, float(latency.value)) for bandwidth, latency in spec.dram.queue.points]
    # One node's half; 00000 brought less than 00002 and is left out. Bandwidth alone was measured to be more.
    assert points == [(1, 85), (30, 90), (75, 110), (92, 160), (95, 250), (108, 268.45)]
    assert spec.nodes[2].dram.queue is None
    assert "became the curve" in text
    point = loaded_latency(spec, 500)
    assert point.ns == pytest.approx(80 + _rise(points, point.gb_per_second / 2), rel=0.03)


def _rise(points, bandwidth):
    from simslab.instruments.measure.loaded import latency_at

    return latency_at(points, bandwidth) - points[0][1]


def test_two_runs_in_one_file_are_refused_by_their_line(case):
    with pytest.raises(
        UserError, match=r"two-runs\.txt:40:1: holds two runs: idle latency matrix again, first in line 3"
    ):
        case("mlc", "two-runs.txt")


RANDOM = """Measuring idle latencies for random access (in ns)...
Numa node\t     0\t     1\t     2
       0\t  95.0\t 150.0\t 290.0
       1\t 150.0\t  95.0\t 350.0
"""


def test_of_sequential_and_random_latencies_the_first_are_taken_whole(imported):
    text = TEXT.replace("\nMeasuring Peak", RANDOM + "\nMeasuring Peak")
    spec, written = imported("mlc", text)
    assert spec.idle_latency == imported("mlc", TEXT)[0].idle_latency
    assert "idle latencies are those of sequential access; random is left out" in written


def test_what_random_access_takes_longer_is_told_where_both_were_measured(tmp_path):
    path = tmp_path / "found"
    both = TEXT.replace("\nMeasuring Peak", RANDOM + "\nMeasuring Peak")
    for text, more in ((TEXT, 0.0), (both, pytest.approx(40 / 3))):
        path.write_text(text)
        tables = read_mlc(path)
        assert (tables.access, tables.random_more) == ("sequential", more)


def test_random_latencies_after_a_whole_run_are_a_second_run(imported):
    with pytest.raises(UserError, match="holds two runs"):
        imported("mlc", TEXT + RANDOM)


def test_a_second_sweep_is_left_out_and_told(imported):
    sweep = "Measuring Loaded Latencies for the system\n 00000\t500.0\t 1000.0\n"
    _, text = imported("mlc", TEXT + sweep)
    assert "measured again, left out: 'Measuring Loaded Latencies for the system' of line" in text
    assert "500.00" not in text


def test_a_node_with_a_column_and_no_row_is_told(imported):
    assert "node 2 has a column and no row: memory without CPUs" in imported("mlc", TEXT)[1]


LOADED_BY_NOBODY = """Measuring idle latencies (in ns)...
Numa node\t     0\t     1
       0\t  90.0\t 140.0
Measuring Loaded Latencies for the system
 00000\t268.45\t 217110.6
 00500\t 90.00\t  50000.0
"""


def test_loaded_latencies_are_read_where_a_reader_has_no_memory(imported):
    text = LOADED_BY_NOBODY.replace("90.0\t 140.0", "-\t 140.0")
    with pytest.raises(UserError, match="cannot be simulated"):  # its memory is behind a link that no memory has
        imported("mlc", text)
    assert imported("mlc", LOADED_BY_NOBODY)[0].dram.queue is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("34000.0", "34,0"), ":17:1: '1\t34,0"),
        (
            TEXT.replace("Numa node\t     0\t     1\t     2\t\n       0\t  80", "       0\t  80"),
            "is a row without a head",
        ),
        (TEXT.replace("       1\t34000.0", "       7\t34000.0"), "bandwidth of node 7, which is not so in the matrix"),
        (TEXT.replace("       1\t34000.0", "       0\t34000.0"), "node 0 has a second row"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(text, message, imported):
    with pytest.raises(UserError, match=message):
        imported("mlc", text)


def _commas(text):
    return text.replace(".", ",")


SHEETS = {
    "csv": lambda rows: [",".join(row) for row in rows],
    "csv with a comma at the end": lambda rows: [",".join(row) + "," for row in rows],
    "csv with blanks": lambda rows: [", ".join(row) for row in rows],
    "csv with quotes": lambda rows: [",".join(f'"{_commas(value)}"' for value in row) for row in rows],
    "semicolons": lambda rows: [";".join(row) for row in rows],
    "semicolons and decimal commas": lambda rows: [_commas(";".join(row)) for row in rows],
    "decimal commas": lambda rows: [_commas("\t".join(row)) for row in rows],
}


@pytest.mark.parametrize("sheet", list(SHEETS))
def test_what_a_spreadsheet_makes_of_it_is_read_alike(sheet, imported):
    lines = TEXT.splitlines()
    for part in (slice(3, 6), slice(14, 17), slice(21, 22)):
        rows = [("Numa node", *line.split()[2:]) if line[0] == "N" else line.split() for line in lines[part]]
        lines[part] = SHEETS[sheet](rows)
    text = "\n".join(lines)
    assert text != TEXT
    assert imported("mlc", text)[1] == imported("mlc", TEXT)[1]


def test_a_decimal_comma_of_a_transfer_is_no_end_of_a_number(imported):
    assert imported("mlc", TEXT.replace("49.0", "49,0"))[1] == imported("mlc", TEXT)[1]


def test_bandwidths_in_gigabytes_are_a_thousand_times_as_much(imported):
    lines = TEXT.replace("217340.7", "217.3407").replace(" 217110.6", " 217.1106").replace("MB/sec", "GB/sec")
    for value in ("108000.0", "34400.0", "17000.0", "34000.0", "108600.0", "16000.0"):
        lines = lines.replace(value, str(float(value) / 1000))
    lines = lines.replace("system\nUsing Read", "system\nBandwidths are in GB/sec\nUsing Read")
    assert imported("mlc", lines)[1] == imported("mlc", TEXT)[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("access (in ns)", "access (in clocks)", "found:2:1: latencies are in clocks"),
        ("are in MB/sec", "are in GiB/sec", "found:9:1: bandwidths are in GIB/s"),
        ("Numa node\t     0\t     1\t     2\t\n       0\t  80", "CPU\t     0\t     1\t     2\t\n       0\t  80",
         "heads rows of CPUs"),
    ],
)  # fmt: skip
def test_other_units_and_rows_are_refused(old, new, message, imported):
    with pytest.raises(UserError, match=message):
        imported("mlc", TEXT.replace(old, new))


def test_a_latency_of_nothing_is_refused_with_links_and_without(tmp_path):
    path = tmp_path / "mlc.txt"
    path.write_text(TEXT.replace(" 340.0", "   0.0"))
    for links in (False, True):
        with pytest.raises(UserError, match="idle latency of 0 ns from node 1 to node 2"):
            import_mlc(path, links=links)

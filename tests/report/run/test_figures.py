import pytest
from sample_measurement import sample_measurement

from simslab.report.run.figures import save_latency_figure
from simslab.result.measurement import LatencyRow, Measurement


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The files of one measurement drawn twice, its arrays at other addresses: sums of floats depend on alignment."""
    folder, files, kept = tmp_path_factory.mktemp("figures"), [], []
    for time in range(2):
        kept.append([bytearray(size) for size in range(24, 4000, 24 + 16 * time)])
        files.append(save_latency_figure(sample_measurement(), folder, f"{time}"))
    return files


def test_the_figure_is_written_as_pdf_and_png(drawn):
    assert [file.name for file in drawn[0]] == ["0.pdf", "0.png"]


def test_the_same_measurement_gives_the_same_bytes(drawn):
    assert len({tuple(file.read_bytes() for file in files) for files in drawn}) == 1


def test_no_date_is_written(drawn):
    pdf, png = drawn[0]
    assert b"CreationDate" not in pdf.read_bytes()
    assert b"matplotlib" not in png.read_bytes()[:2000].lower()


def test_one_operation_of_one_latency_can_be_drawn(tmp_path):
    row = LatencyRow("alloc", "hit", "dentry", (46,), (10,))
    assert len(save_latency_figure(Measurement("m", "w", 1, 10**9, 460, latency=[row]), tmp_path)) == 2


def test_a_latency_of_zero_can_be_drawn(tmp_path):
    row = LatencyRow("alloc", "hit", "dentry", (0, 46), (1, 10))
    assert len(save_latency_figure(Measurement("m", "w", 1, 10**9, 460, latency=[row]), tmp_path)) == 2

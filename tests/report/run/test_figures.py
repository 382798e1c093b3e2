import hashlib

from simslab.report.run.figures import save_latency_figure
from simslab.result.measurement import LatencyRow, Measurement


def digests(files):
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_the_figure_is_written_as_pdf_and_png(measurement, tmp_path):
    assert [file.name for file in save_latency_figure(measurement, tmp_path)] == ["latency.pdf", "latency.png"]


def test_the_same_measurement_gives_the_same_bytes(measurement, tmp_path):
    # Several times: what depends on addresses shows in one of them, not in the first two.
    assert len({tuple(digests(save_latency_figure(measurement, tmp_path, f"{time}"))) for time in range(6)}) == 1


def test_no_date_is_written(measurement, tmp_path):
    pdf, png = save_latency_figure(measurement, tmp_path)
    assert b"CreationDate" not in pdf.read_bytes()
    assert b"matplotlib" not in png.read_bytes()[:2000].lower()


def test_one_operation_of_one_latency_can_be_drawn(tmp_path):
    row = LatencyRow("alloc", "hit", "dentry", (46,), (10,))
    assert len(save_latency_figure(Measurement("m", "w", 1, 10**9, 460, latency=[row]), tmp_path)) == 2


def test_a_latency_of_zero_can_be_drawn(tmp_path):
    row = LatencyRow("alloc", "hit", "dentry", (0, 46), (1, 10))
    assert len(save_latency_figure(Measurement("m", "w", 1, 10**9, 460, latency=[row]), tmp_path)) == 2

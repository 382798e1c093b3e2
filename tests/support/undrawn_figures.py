"""Results whose figures nobody looks at: drawing them takes longer than the runs. tests/report/ draws them."""

import pytest


def _save(measured, directory, name):
    files = [directory / f"{name}.{kind}" for kind in ("pdf", "png")]
    for file in files:
        file.write_bytes(b"not drawn")
    return files


@pytest.fixture(scope="module", autouse=True)
def undrawn():
    """In result directories files of the figures' names stand for the figures, where this is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simslab.report.run.figures.save_latency_figure", lambda m, d, name="latency": _save(m, d, name))
        patch.setattr(
            "simslab.report.comparison.comparison_figure.save_comparison_figure",
            lambda c, d, name="comparison": _save(c, d, name),
        )
        yield

"""A fitted machine file is the old one with other numbers and their origin."""

from pathlib import Path

import pytest

from simslab.base.documents.yamlfile import parse_yaml
from simslab.instruments.fit.fitting import fit_machine
from simslab.instruments.fit.write import fitted_text

CHANGES = (("latency: 50.6 ns", "latency: 65 ns"), ("latency: 26.2 ns, bandwidth", "latency: '20 ns', bandwidth"))


def fitted(document, rows, hold_out=""):
    result = fit_machine(document, rows, ["dram.latency", "links.upi.latency"], hold_out)
    text = Path(document.file).read_text()
    return result, fitted_text(text, document, result, Path("folder/table.csv"), "0123456789abcdef")


@pytest.fixture(scope="module")
def written(perturbed, own_rows):
    document = perturbed(*CHANGES)
    return document, *fitted(document, own_rows)


def test_only_the_numbers_and_their_remarks_differ(written):
    document, result, text = written
    assert parse_yaml(text).value == result.document.value
    new = text.splitlines()[-len(Path(document.file).read_text().splitlines()) :]
    differ = [(a, b) for a, b in zip(Path(document.file).read_text().splitlines(), new, strict=True) if a != b]
    assert len(differ) == 2
    assert differ[0][1].startswith("  latency: 50.")
    assert "# fitted: dram.latency was 65 ns; before: [mlc]: 78.6 less L3 and directory" in differ[0][1]
    assert "latency: '26" in differ[1][1]


def test_the_origin_is_told_without_folder_or_day(perturbed, own_rows):
    document = perturbed(*CHANGES)
    _, text = fitted(document, own_rows, "node1 -> node0")
    head = " ".join(line.removeprefix("# ").strip() for line in text.splitlines()[:8])
    assert head.startswith("Fitted by `simslab fit` to 7 cells (lines 2-3,5-9, m) of table.csv (sha256 0123456789ab)")
    assert "dram.latency: 65 ns -> 50." in head
    assert "Held out, so predicted: 1 cells (lines 4, m)" in head
    assert "folder" not in text


def test_the_same_inputs_give_the_same_bytes(written, perturbed, own_rows):
    assert fitted(perturbed(*CHANGES), own_rows)[1] == written[-1]

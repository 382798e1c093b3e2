"""Each kind of input becomes a machine file that is accepted, with the template's figures where it tells none."""

import pytest

from simslab.instruments.exchange.importer import TEMPLATE, import_hwloc, import_mlc, import_numactl
from simslab.machine.library import load_machine

NUMACTL = "available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 1024 MB\nnode distances:\nnode   0\n  0:  10\n"
MLC = "Measuring idle latencies (in ns)...\n\t\tNuma node\nNuma node\t     0\t\n       0\t  80.0\t\n"


@pytest.fixture
def inputs(tmp_path, xml):
    """A small input of each kind, with the function that imports it."""
    package = xml.package(0, [0, 1], xml.core(0), xml.core(1))
    texts = {
        import_numactl: NUMACTL,
        import_mlc: MLC,
        import_hwloc: xml.machine([0, 1], xml.node(0, [0, 1], 1 << 30), package),
    }
    for function, text in texts.items():
        (tmp_path / function.__name__).write_text(text)
    return [(function, tmp_path / function.__name__) for function in texts]


def test_what_is_not_told_is_the_templates(inputs, tmp_path):
    for template in (TEMPLATE, "one-node"):
        for function, path in inputs:
            target = tmp_path / "machine.yaml"
            target.write_text(function(path, template))
            assert load_machine(str(target)).l2 == load_machine(template).l2


def test_a_file_says_which_template_it_was_made_with(inputs):
    for function, path in inputs:
        assert "taken from the machine 'one-node'" in function(path, "one-node")
        assert f"taken from the machine '{TEMPLATE}'" in function(path)

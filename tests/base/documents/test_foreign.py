"""Outputs of other tools are known by how they begin, and told with what imports them."""

import pytest

from simslab.api.checking import models
from simslab.base.documents.foreign import OUR_KEYS, foreign

XML = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">\n<topology version="2.0">'
NUMACTL = "available: 2 nodes (0-1)\nnode 0 cpus: 0 1\n"
MLC = "Intel(R) Memory Latency Checker - v3.9\nMeasuring idle latencies (in ns)...\n"


@pytest.mark.parametrize(
    ("text", "what", "kind"),
    [
        (XML, "lstopo's XML", "hwloc"),
        ("<topology>\n<object", "lstopo's XML", "hwloc"),
        (NUMACTL, "the output of numactl -H", "numactl"),
        ("$ numactl -H\n> " + NUMACTL, "the output of numactl -H", "numactl"),
        (MLC, "the output of Intel Memory Latency Checker", "mlc"),
        ("$ ./mlc\n" + MLC.splitlines()[1], "the output of Intel Memory Latency Checker", "mlc"),
    ],
)
def test_an_output_of_another_tool_is_told_with_what_imports_it(text, what, kind):
    expected = f"a: is {what}; expected the machine file that `simslab import {kind}` makes of it"
    assert str(foreign(text, "a")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "<?xml version='1.0'?><root/>",
        "name: available: 2 nodes",
        "description: |\n  " + NUMACTL,
        "description: |\n  > " + NUMACTL,
        "name: mine\n" + NUMACTL,
        '"name": mine\n' + MLC,
        "# Imported from mlc.txt (mlc)\nname: a\n",
    ],
)
def test_other_text_is_nobodys(text):
    assert foreign(text, "a") is None


def test_every_key_that_a_file_of_ours_may_begin_with_is_known():
    assert set(OUR_KEYS) == {key for model in models().values() for key in model.model_fields}

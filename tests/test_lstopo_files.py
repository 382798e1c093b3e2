"""Files of lstopo against the machines made of them: `python tools/lstopo_files.py`."""

import lstopo_files
import pytest
from lstopo_files import main

from simslab.instruments.exchange.importer import import_hwloc

UNIT = '<object type="Core" os_index="{0}"><object type="PU" os_index="{0}"/></object>'
NODE = '<object type="NUMANode" os_index="{0}" cpuset="{1}" local_memory="{2}"/>'
PACKAGE = (
    '<object type="Package" os_index="{0}" cpuset="{1}">{2}'
    '<object type="L3Cache" depth="3" cache_type="0" cache_size="33554432" cpuset="{1}">{3}</object></object>'
)
TABLE = (
    '<distances2 type="NUMANode" nbobjs="2" kind="5" indexing="os">'
    "<indexes>0 1</indexes><u64values>10 21 21 10</u64values></distances2>"
)


def written(tmp_path, name="lstopo.xml"):
    """A file of two packages, each a core and a node."""
    packages = "".join(
        PACKAGE.format(n, hex(1 << n), NODE.format(n, hex(1 << n), 1 << 30), UNIT.format(n)) for n in range(2)
    )
    (tmp_path / name).write_text(
        f'<topology version="2.0"><object type="Machine" cpuset="0x3">{packages}</object>{TABLE}</topology>'
    )


def test_a_file_whose_machine_is_what_it_says_is_counted(tmp_path, capsys):
    written(tmp_path)
    (tmp_path / "other.xml").write_text("<manifest/>")
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 read, 0 refused, 0 otherwise\n"


@pytest.mark.parametrize(
    ("edits", "what"),
    [
        ({'cpus: "1"': "cpus: ?", 'cpus: "0"': 'cpus: "1"', "cpus: ?": 'cpus: "0"'}, "nodes of CPUs"),
        ({"memory: 1 GiB": "memory: 2 GiB"}, "memory"),
        ({"[10, 21]": "[10, 31]"}, "distances"),
        ({"packages: 2": "packages: 1", "cores: 1": "cores: 2"}, "L3"),
    ],
)
def test_a_machine_that_is_otherwise_is_told(edits, what, tmp_path, capsys, monkeypatch):
    def wrong(path):
        text = import_hwloc(path)
        for old, new in edits.items():
            assert old in text
            text = text.replace(old, new, 1)
        return text

    written(tmp_path)
    monkeypatch.setattr(lstopo_files, "import_hwloc", wrong)
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith(f"lstopo.xml: {what}\n1 read, 0 refused, 1 otherwise\n")


def test_a_refused_file_is_told(tmp_path, capsys):
    (tmp_path / "empty.xml").write_text('<topology><object type="Machine"/></topology>')
    assert main([str(tmp_path)]) == 1
    assert "empty.xml: holds no CPU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<topology><object>", "is not well-formed XML: no element found"),
        (b"", "is not well-formed XML: no element found"),
        (b'<?xml version="1.0" encoding="none"?><topology/>', "is not XML: unknown encoding"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "holds XML entities"),
    ],
)
def test_a_file_that_is_no_xml_is_told_in_a_line_and_the_others_are_read(data, told, tmp_path, capsys):
    (tmp_path / "bad.xml").write_bytes(data)
    written(tmp_path)
    assert main([str(tmp_path)]) == 1
    line, numbers = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{tmp_path / 'bad.xml'}:")
    assert told in line
    assert numbers == "1 read, 1 refused, 0 otherwise"

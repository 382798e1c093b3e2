import pytest

NUMACTL = """available: 2 nodes (0-1)
node 0 cpus: 0 1
node 0 size: 1024 MB
node 1 cpus: 2 3
node 1 size: 1024 MB
node distances:
node   0   1
  0:  10  21
  1:  21  10
"""


def test_an_imported_machine_is_accepted_by_check(simslab, tmp_path):
    source, target = tmp_path / "numactl.txt", tmp_path / "machine.yaml"
    source.write_text(NUMACTL)
    assert simslab("import", "numactl", source, "--out", target) == (0, "", "")
    assert simslab("check", target) == (0, f"{target}: ok, machine\n", "")


def test_a_template_can_be_chosen(simslab, tmp_path):
    source = tmp_path / "numactl.txt"
    source.write_text(NUMACTL)
    status, out, _ = simslab("import", "numactl", source, "--template", "one-node")
    assert status == 0
    assert "taken from the machine 'one-node'" in out


def test_export_writes_what_import_reads(simslab, tmp_path):
    target = tmp_path / "machine.xml"
    assert simslab("export", "hwloc", "two-socket", "--out", target)[0] == 0
    status, out, _ = simslab("import", "hwloc", target)
    assert status == 0
    assert "name: two-socket\n" in out


@pytest.mark.parametrize("kind", ["hwloc", "numactl", "mlc"])
@pytest.mark.parametrize("content", ["", "hello", None])
def test_bad_input_is_one_line_and_status_2(kind, content, refused, tmp_path):
    source = tmp_path / "input"
    if content is not None:
        source.write_text(content)
    assert refused("import", kind, source).startswith(f"simslab: {source}")


def test_a_folder_that_is_not_there_is_one_line_and_status_2(refused, tmp_path):
    assert "cannot be written" in refused("export", "hwloc", "two-socket", "--out", tmp_path / "no" / "x.xml")

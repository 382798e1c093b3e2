"""lstopo's XML put together piece by piece: what hwloc's format says, for machines that no file shows."""

from pathlib import Path

import pytest

from simslab.instruments.exchange.hwloc.bitmap import format_bitmap
from simslab.instruments.exchange.importer import import_hwloc, import_mlc, import_numactl
from simslab.machine.library import load_machine

IMPORTS = {"hwloc": import_hwloc, "numactl": import_numactl, "mlc": import_mlc}
CASES = Path(__file__).parent / "cases"  # small inputs that were read wrong once


class Xml:
    """Elements of lstopo's XML as text; CPUs are lists."""

    @staticmethod
    def thing(kind, cpus, *inner, **attributes):
        told = {"type": kind, "cpuset": format_bitmap(set(cpus)), **attributes}
        text = " ".join(f'{name}="{value}"' for name, value in told.items())
        return f"<object {text}>{''.join(inner)}</object>"

    def cache(self, level, cpus, *inner, size, **attributes):
        attributes = {"depth": level, "cache_type": 0, "cache_associativity": 16, **attributes}
        return self.thing(f"L{level}Cache", cpus, *inner, cache_size=size, **attributes)

    def pu(self, number):
        return self.thing("PU", [number], os_index=number)

    def core(self, *cpus):
        return self.thing("Core", cpus, *map(self.pu, cpus), os_index=cpus[0])

    def node(self, number, cpus, memory, *inner, **attributes):
        return self.thing("NUMANode", cpus, *inner, os_index=number, local_memory=memory, **attributes)

    def package(self, number, cpus, *inner):
        return self.thing("Package", cpus, *inner, os_index=number)

    def machine(self, cpus, *inner, tail="", **attributes):
        return (
            f'<topology version="2.0">{self.thing("Machine", cpus, *inner, os_index=0, **attributes)}{tail}</topology>'
        )

    def distances(self, numbers, values):
        texts = (" ".join(map(str, numbers)), " ".join(map(str, values)))
        return (
            f'<distances2 type="NUMANode" nbobjs="{len(numbers)}" kind="5" name="NUMALatency" indexing="os">'
            f"<indexes>{texts[0]}</indexes><u64values>{texts[1]}</u64values></distances2>"
        )


@pytest.fixture
def xml():
    return Xml()


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports text of a kind and loads the machine file: (spec, text of the machine file)."""

    def run(kind, text, name="found"):
        source = tmp_path / name
        source.write_text(text)
        written = IMPORTS[kind](source)
        target = tmp_path / "machine.yaml"
        target.write_text(written)
        return load_machine(str(target)), written

    return run


@pytest.fixture
def case(imported):
    """Return a function that imports a file of `cases`: (spec, text of the machine file)."""

    def run(kind, name):
        return imported(kind, (CASES / name).read_text(), name)

    return run

from pathlib import Path

import pytest

from simslab.conform.records import Row
from simslab.conform.slab.geometry import check_geometry, predicted_row, rules_of
from simslab.kernel.errno import E2BIG, EINVAL
from simslab.slab.creation.kmalloc import running_rules

HEADER = "req_size,req_align,req_flags,req_flags_decoded,ctor,"


def request(size, align=0, flags=0, ctor=0):
    cells = {"req_size": str(size), "req_align": str(align), "req_flags": hex(flags), "ctor": str(ctor)}
    return Row(cells, "cache_geometry.csv", 2)


def predicted(name="cache_geometry.csv", one_node=False, **values):
    return predicted_row(request(**values), running_rules(rules_of(Path(name))), one_node)


def test_a_table_tells_its_boot_options_by_its_name():
    assert rules_of(Path("cache_geometry-slab_max_order0.csv")).slab_max_order == 0
    assert rules_of(Path("cache_geometry-debug.csv.gz")).debug_slab


def test_a_request_becomes_the_columns_of_the_table():
    row = predicted(size=64)
    assert (row["err"], row["size"], row["num"], row["gfporder"], row["limit"]) == (0, 64, 64, 0, 120)


def test_one_node_has_no_alien_arrays():
    assert (predicted(size=64)["alien_limit"], predicted(size=64, one_node=True)["alien_limit"]) == (12, -1)


@pytest.mark.parametrize(("values", "err"), [({"size": 64, "flags": 1 << 30}, -EINVAL), ({"size": 1 << 23}, -E2BIG)])
def test_what_the_kernel_refuses_has_an_error_and_nothing_else(values, err):
    assert predicted(**values) == {"err": err}


def test_a_difference_names_line_and_request(tmp_path):
    path = tmp_path / "cache_geometry.csv"
    path.write_text(HEADER + "err\n64,0,0x0,,0,-22\n")
    assert check_geometry(path).difference == (
        "line 2: kmem_cache_create(size 64, align 0, flags , ctor 0): err: expected -22, got 0"
    )

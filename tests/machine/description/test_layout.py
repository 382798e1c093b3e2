import pytest
from pydantic import ValidationError

from simslab.machine.description.layout import LayoutSpec


def test_a_layout_of_nothing_is_one_cpu():
    layout = LayoutSpec()
    assert (layout.packages, layout.dies, layout.ccxs, layout.cores, layout.threads) == (1, 1, 1, 1, 1)
    assert layout.numbering == "threads-last"


@pytest.mark.parametrize("part", [{"packages": 0}, {"packages": 65}, {"threads": 9}, {"numbering": "random"}])
def test_what_no_machine_has_is_refused(part):
    with pytest.raises(ValidationError):
        LayoutSpec.model_validate(part)


def test_numbers_of_cpus_are_lists_by_core():
    assert LayoutSpec.model_validate({"cpu_numbers": ["0,2", "1", ""]}).cpu_numbers == [(0, 2), (1,), ()]

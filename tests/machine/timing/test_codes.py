import typing

import pytest

from simslab.machine.description.catalogue import all_declared
from simslab.machine.description.whole import MachineDescription
from simslab.machine.timing.codes import CODES


@pytest.mark.parametrize("name", CODES)
def test_every_word_of_a_parameter_has_a_code_of_its_own(name):
    (declared,) = [entry for entry in all_declared(MachineDescription).values() if entry.name == name]
    assert set(CODES[name]) == set(typing.get_args(declared.hint))
    assert len(set(CODES[name].values())) == len(CODES[name])

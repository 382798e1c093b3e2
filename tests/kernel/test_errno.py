import errno as host

import pytest

from simslab.kernel import errno

NAMES = [name for name in vars(errno) if name.startswith("E")]


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_linux_on_this_architecture(name):
    assert getattr(errno, name) == getattr(host, name)

"""Small rigs for tests of the loops."""

import pytest

from simslab.instruments.validate.rig import Rig
from simslab.machine.library import load_machine


@pytest.fixture
def make_rig():
    """Two cores of the silicon machine, anew at each call."""
    return lambda: Rig(load_machine("emerald-rapids-2"))


@pytest.fixture
def rig(make_rig):
    """Two cores of the silicon machine."""
    return make_rig()

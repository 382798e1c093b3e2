"""Small rigs for tests of the loops."""

import pytest

from simslab.instruments.validate.rig import Rig
from simslab.machine.library import load_machine


@pytest.fixture
def rig():
    """Two cores of the silicon machine."""
    return Rig(load_machine("emerald-rapids-2"))

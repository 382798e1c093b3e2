"""A fixture that boots SLUB on small machines."""

import pytest

from simslab.conform.slub.topologies import new_system
from simslab.slub.creation.options import SlubOptions


@pytest.fixture
def booted():
    """Return a function that boots SLUB on a topology, with options."""

    def boot(topology="2n8c", standing=False, **options):
        return new_system(topology, SlubOptions(**options), standing)

    return boot

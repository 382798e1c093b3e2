"""Descriptions whose parts are sound, whether they fit together or not."""

import pytest

from simslab.base.documents.yamlfile import load_document
from simslab.base.shipped import find_shipped
from simslab.machine.description.whole import MachineDescription
from simslab.machine.topology.node_plan import plan_nodes
from simslab.machine.topology.numbering import seats


@pytest.fixture
def described():
    """Return a function that describes two-socket with other values, unchecked as a whole."""

    def describe(*overrides):
        file = find_shipped("machines", "two-socket")
        return load_document(file, MachineDescription, ["distances=null", *overrides])[1]

    return describe


@pytest.fixture
def planned(described):
    """Return a function that describes it and plans its nodes."""

    def plan(*overrides):
        spec = described(*overrides)
        return spec, plan_nodes(spec, seats(spec.layout))

    return plan


@pytest.fixture
def told():
    """Return a function that gives the place and the message of each fault."""

    def tell(faults):
        return [(fault.at, fault.message) for fault in faults]

    return tell

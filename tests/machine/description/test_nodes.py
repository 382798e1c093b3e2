import pytest
from pydantic import ValidationError

from simslab.machine.description.nodes import NodeSpec


def test_a_node_has_memory_of_the_machines_kind_unless_told():
    node = NodeSpec.model_validate({"each": "package", "memory": "1 GiB"})
    assert (node.memory, node.dram, node.memory_side_cache) == (1 << 30, None, 0)


def test_a_node_must_tell_its_memory():
    with pytest.raises(ValidationError, match="memory"):
        NodeSpec.model_validate({"each": "package"})


@pytest.mark.parametrize("other", [{"id": 1024}, {"package": -1}, {"position": [1]}, {"position": [0, 65]}])
def test_numbers_and_positions_have_ends(other):
    with pytest.raises(ValidationError):
        NodeSpec.model_validate({"memory": 0} | other)

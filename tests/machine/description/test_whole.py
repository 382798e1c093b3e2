from simslab.machine.description.whole import MachineDescription
from simslab.machine.library import load_machine


def test_parts_that_do_not_fit_together_are_still_a_description():
    whole = load_machine("two-socket").model_dump(mode="json") | {"links": []}
    assert MachineDescription.model_validate(whole).links == []  # two nodes that nothing connects


def test_every_part_has_its_place():
    parts = {"layout", "core", "l1d", "l2", "l3", "tlb", "coherence", "dram", "nodes", "mesh", "links", "routes"}
    assert parts <= MachineDescription.model_fields.keys()

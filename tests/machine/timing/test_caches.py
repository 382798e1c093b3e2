from simslab.machine.library import load_machine
from simslab.machine.timing.caches import build_caches, sets


def test_each_level_has_the_parameters_of_its_part():
    caches = build_caches(load_machine("two-socket"))
    assert (caches.l1.latency, caches.l2.latency, caches.l3.latency) == (4, 14, 52)
    assert caches.l3.other_core == 77


def test_geometry_may_have_any_number_of_sets():
    assert sets(build_caches(load_machine("two-socket")).l3) == 32768
    assert sets(build_caches(load_machine("four-socket")).l3) == 24576

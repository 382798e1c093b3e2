from simslab.result.parked import ParkedRow


def test_objects_in_arrays_are_those_of_all_three_kinds_and_no_others():
    assert ParkedRow("a", 64, 100, 20, 3, 7000, 50000).in_arrays == 123

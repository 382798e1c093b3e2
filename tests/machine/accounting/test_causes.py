from simslab.machine.accounting import causes


def test_every_cause_has_a_name_of_its_own():
    numbers = {name: value for name, value in vars(causes).items() if name.isupper() and isinstance(value, int)}
    numbers = {name: value for name, value in numbers.items() if name not in ("NR_CAUSES", "UNBILLED")}
    assert len(set(causes.CAUSE_NAMES)) == causes.NR_CAUSES
    assert {causes.CAUSE_NAMES[value] for value in numbers.values()} == {name.lower() for name in numbers}


def test_no_bill_is_no_cause():
    assert causes.UNBILLED not in range(causes.NR_CAUSES)

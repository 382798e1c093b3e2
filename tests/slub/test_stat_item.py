"""The counters have the kernel's numbers (enum stat_item) and names."""

from simslab.slub import stat_item


def test_the_name_of_a_counter_stands_at_its_number():
    named = {name: getattr(stat_item, name) for name in stat_item.STAT_ITEMS}
    assert list(named.values()) == list(range(stat_item.NR_SLUB_STAT_ITEMS))


def test_no_counter_is_without_a_name():
    numbers = {name for name, value in vars(stat_item).items() if isinstance(value, int)}
    assert numbers - {"NR_SLUB_STAT_ITEMS"} == set(stat_item.STAT_ITEMS)

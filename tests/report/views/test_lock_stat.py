from simslab.report.views.lock_stat import WIDTH, lock_stat_text
from simslab.result.measurement import LockRow

LOCKS = [
    LockRow("c:list_lock", "cache_alloc_refill", 50, 40, 1000, 9000, 100_000, 10, 5000, 60_000),
    LockRow("c:list_lock", "drain_alien_cache", 30, 2, 500, 700, 1200, 20, 300, 3000),
    LockRow("c:never", "x", 0, 0, 0, 0, 0, 0, 0, 0),
    LockRow("c:alone", "x", 5, 0, 0, 0, 0, 7, 9, 40),
]


def columns(line):
    name, _, rest = line.partition(":  ")
    return name.strip(), [float(word) for word in rest.split()]


def test_a_class_sums_its_sites_and_times_are_microseconds():
    lines = lock_stat_text(LOCKS, 10**9).splitlines()
    assert lines[0] == "lock_stat version 0.4"
    assert (len(lines[1]), len(lines[2])) == (WIDTH, WIDTH - 1)
    name, figures = columns(lines[5])
    assert name == "c:list_lock"
    assert figures == [0, 42, 0.5, 9.0, 101.2, 2.41, 0, 80, 0.01, 5.0, 63.0, 0.79]
    assert len(lines[5]) == WIDTH - 1


def test_the_sites_that_waited_stand_below_their_class_and_uncontended_classes_have_none():
    lines = lock_stat_text(LOCKS, 10**9).splitlines()
    assert lines[6] == " " * 29 + "-" * 11
    assert lines[7].split() == ["c:list_lock", "40", "[<0000000000000000>]", "cache_alloc_refill"]
    assert columns(lines[-1])[0] == "c:alone"
    assert "never" not in "".join(lines)

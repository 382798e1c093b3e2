from simslab.machine.accounting.callsites import site
from simslab.machine.accounting.irq_stats import IrqStats

SITE = site("test")


def test_stretches_are_kept_exactly_by_site():
    stats = IrqStats()
    for cycles in (5, 5, 90_000):
        stats.masked(SITE, cycles, 0, 0)
    assert list(stats.off[SITE].items()) == [(5, 2), (90_000, 1)]


def test_a_delivery_without_delay_does_not_count_as_delayed():
    stats = IrqStats()
    stats.delivered(9, 0, 40, 0, SITE)
    stats.delivered(9, 7, 60, 0, SITE)
    assert stats.vector_row(9) == (2, 1, 7, 7, 100)


def test_what_ended_before_the_start_of_counting_is_not_counted():
    stats = IrqStats()
    stats.masked(SITE, 1, 0, 0)
    stats.clear(since=100)
    stats.masked(SITE, 1, 99, 0)
    stats.delivered(9, 1, 1, 99, SITE)
    assert stats.off[SITE] is None
    assert stats.vector_row(9) == (0, 0, 0, 0, 0)
    stats.masked(SITE, 1, 100, 0)
    assert list(stats.off[SITE].items()) == [(1, 1)]

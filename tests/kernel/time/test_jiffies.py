import pytest

from simslab.kernel.time.jiffies import round_jiffies_relative, wheel_expiry


@pytest.mark.parametrize(
    ("delta", "cpu", "now", "at"),
    [(500, 0, 1000, 1500), (500, 1, 1000, 1497), (500, 2, 1010, 1494), (500, 0, 1100, 1750), (250, 7, 0, 229)],
)
def test_delays_end_at_full_seconds_a_little_earlier_on_each_cpu(delta: int, cpu: int, now: int, at: int) -> None:
    assert now + round_jiffies_relative(delta, cpu, 250, now) == at


def test_rounding_never_ends_in_the_past() -> None:
    assert round_jiffies_relative(1, 0, 250, 1001) == 1


@pytest.mark.parametrize(("delay", "fires"), [(1, 1002), (60, 1061), (100, 1104), (500, 1504), (600, 1664)])
def test_longer_delays_fire_in_coarser_steps(delay: int, fires: int) -> None:
    assert wheel_expiry(1000 + delay, 1000) == fires

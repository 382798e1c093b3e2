"""A made-up comparison of two arms, with every kind of verdict."""

import pytest

from simslab.report.comparison.comparison import Arm, Comparison, Difference
from simslab.result.latency import by_operation, merge_rows


def difference(metric, base, variant, low, high, distinguishable):
    mean = sum(variant) / len(variant) - sum(base) / len(base)
    means = sum(base) / len(base), sum(variant) / len(variant)
    return Difference("far", metric, base, variant, *means, mean, low, high, distinguishable)


@pytest.fixture
def comparison(make_measurement):
    near, far = make_measurement(1), make_measurement(2, 140)
    return Comparison(
        machine="two-socket",
        workload="remote-free",
        settings=("scale=0.2",),
        seeds=(1, 2, 3),
        confidence=0.95,
        arms=(
            Arm("base", (), near.frequency_hz, merge_rows(near.latency), by_operation(near)),
            Arm("far", ("links.upi.latency=120 ns",), far.frequency_hz, merge_rows(far.latency), by_operation(far)),
        ),
        differences=(
            difference("latency mean (ns)", (81.0, 82.0, 80.0), (110.0, 112.0, 108.5), 27.9, 30.4, True),
            difference("latency p50 (ns)", (24.0, 25.0, 24.0), (24.0, 24.0, 24.5), -1.9, 1.6, False),
            difference("remote frees", (1010.0, 990.0, 1003.0), (1010.0, 990.0, 1003.0), 0.0, 0.0, False),
            difference("list_lock contended", (0.0, 0.0, 0.0), (3.0, 4.0, 3.0), 1.9, 4.8, True),
            difference("list_lock wait (ns)", (9.0,), (4.0,), None, None, False),
        ),
    )

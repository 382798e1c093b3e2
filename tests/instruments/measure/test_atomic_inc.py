"""A counter that everybody increments goes from CPU to CPU in the order in which they ask."""

import pytest

from simslab.instruments.measure.atomic_inc import atomic_curve, atomic_inc
from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine

SPEC = load_machine("two-socket", ("layout.cores=4",))


def test_alone_each_increment_is_a_locked_operation():
    prober = Prober(SPEC)
    assert atomic_inc(SPEC, 1).ns_each == pytest.approx(prober.ns(prober.machine.timing.kernel.atomic))


def test_two_cores_of_an_l3_pass_the_line_to_and_fro():
    prober = Prober(SPEC)
    timing = prober.machine.timing
    passed = timing.caches.l3.other_core + timing.kernel.atomic  # the request has been waiting at the home
    assert atomic_inc(SPEC, 2).ns_each == pytest.approx(prober.ns(passed), rel=0.05)


def test_the_other_package_makes_it_slower():
    near, all_of_them = atomic_inc(SPEC, 4), atomic_inc(SPEC, 8)
    assert all_of_them.ns_each > near.ns_each


def test_rate_and_time_are_one_figure():
    point = atomic_inc(SPEC, 4)
    assert point.ns_each * point.million_per_second == pytest.approx(1000)


@pytest.mark.parametrize(("cores", "counts"), [(4, [1, 2, 4, 8]), (3, [1, 2, 4, 6])])
def test_a_curve_has_powers_of_two_and_all_cpus(cores, counts):
    spec = load_machine("two-socket", (f"layout.cores={cores}", "layout.threads=1"))
    assert [point.cpus for point in atomic_curve(spec)] == counts


def test_threads_of_one_core_increment_one_after_the_other():
    spec = load_machine("one-node", ("layout.cores=1", "layout.threads=2"))
    alone, both = atomic_inc(spec, 1), atomic_inc(spec, 2)
    assert both.ns_each == pytest.approx(alone.ns_each)

import pytest

from simslab.machine.description.layout import LayoutSpec
from simslab.machine.topology.numbering import nr_cores, nr_cpus, seats


def layout(**parts):
    return LayoutSpec.model_validate(parts)


def places(**parts):
    return [(seat.package, seat.core, seat.thread) for seat in seats(layout(**parts))]


def test_first_threads_come_before_second_ones():
    assert places(packages=2, threads=2) == [(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 1, 1)]


def test_threads_of_a_core_may_be_neighbours():
    assert places(packages=2, threads=2, numbering="threads-adjacent") == [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)]


def test_numbers_may_be_given():
    assert places(packages=2, threads=2, cpu_numbers=["1,2", "0,3"]) == [(1, 1, 0), (0, 0, 0), (0, 0, 1), (1, 1, 1)]


def test_a_place_without_a_core_takes_no_core_number():
    shape = {"packages": 2, "cores": 2, "cpu_numbers": ["0", "", "1", "2"]}
    assert places(**shape) == [(0, 0, 0), (1, 1, 0), (1, 2, 0)]
    assert (nr_cores(layout(**shape)), nr_cpus(layout(**shape))) == (4, 3)


def test_dies_and_ccxs_count_through_the_machine():
    found = seats(layout(packages=2, dies=2, ccxs=2, cores=2))
    assert [(seat.package, seat.die, seat.ccx) for seat in found[::2]] == [
        (0, 0, 0), (0, 0, 1), (0, 1, 2), (0, 1, 3), (1, 2, 4), (1, 2, 5), (1, 3, 6), (1, 3, 7)
    ]  # fmt: skip


@pytest.mark.parametrize("numbering", ["threads-last", "threads-adjacent"])
def test_every_cpu_has_one_number(numbering):
    shape = layout(packages=3, dies=2, cores=5, threads=2, numbering=numbering)
    assert [seat.cpu for seat in seats(shape)] == list(range(nr_cpus(shape))) == list(range(60))

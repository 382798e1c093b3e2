import pytest
from logged_runs import logged

from simslab.base.errors import UserError
from simslab.report.views.all_views import AGAIN, VIEWS, Again, again_text, check_kernel, runs_again, view_text


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_made_of_a_result(name, measurement):
    measurement.slabinfo = "slabinfo - version: 2.1\n# name\n"
    assert not runs_again(name)
    assert view_text(measurement, name).endswith("\n")


@pytest.mark.parametrize("name", AGAIN)
def test_other_views_are_made_of_a_run_that_is_made_again(name, measurement):
    _, log, zones = logged()
    assert runs_again(name)
    assert again_text(Again(log, zones, "/sys/kernel/slab/c/order:0\n"), name).endswith("\n")
    with pytest.raises(UserError, match="a result does not keep"):
        view_text(measurement, name)


def test_a_near_miss_is_told(measurement):
    with pytest.raises(UserError, match=r"did you mean 'slabtop'\?"):
        view_text(measurement, "slabtp")


def test_slab_has_no_attributes_in_sysfs():
    with pytest.raises(UserError, match="a kernel with SLAB has no /sys/kernel/slab"):
        check_kernel("sysfs", "slab")
    check_kernel("sysfs", "slub")
    check_kernel("vmstat", "slab")

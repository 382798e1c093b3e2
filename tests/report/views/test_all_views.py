import pytest

from simslab.base.errors import UserError
from simslab.report.views.all_views import LACKING, VIEWS, view_text


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_made_of_a_result(name, measurement):
    measurement.slabinfo = "slabinfo - version: 2.1\n# name\n"
    assert view_text(measurement, name).endswith("\n")


@pytest.mark.parametrize("name", LACKING)
def test_what_a_result_lacks_is_said(name, measurement):
    with pytest.raises(UserError, match="a result does not keep"):
        view_text(measurement, name)


def test_a_near_miss_is_told(measurement):
    with pytest.raises(UserError, match=r"did you mean 'slabtop'\?"):
        view_text(measurement, "slabtp")

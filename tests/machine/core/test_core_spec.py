import dataclasses

import pytest
from core_costs import core_costs


def test_costs_do_not_change_once_they_are_stated():
    with pytest.raises(dataclasses.FrozenInstanceError):
        core_costs().core = None

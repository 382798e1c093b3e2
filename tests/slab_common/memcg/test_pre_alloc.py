"""Whether an allocation is made, and charged."""

import pytest

from simslab.slab_common.memcg.pre_alloc import slab_pre_alloc_hook
from simslab.slab_common.memcg.verdicts import CHARGED, REFUSED, UNCHARGED


class Failing:
    def __init__(self, fails):
        self.fails = fails

    def should_failslab(self, cache, flags):
        return self.fails


class Charging:
    def __init__(self, verdict):
        self.verdict = verdict
        self.asked = []

    def pre_alloc_hook(self, cpu, cache, flags, size):
        self.asked.append(size)
        return self.verdict


@pytest.mark.parametrize("failslab", [None, Failing(False)])
@pytest.mark.parametrize("memcg", [None, Charging(UNCHARGED), Charging(CHARGED), Charging(REFUSED)])
def test_what_is_not_made_to_fail_is_as_its_cgroup_says(failslab, memcg):
    expected = UNCHARGED if memcg is None else memcg.verdict
    assert slab_pre_alloc_hook(failslab, memcg, None, None, 0, 3) == expected
    assert memcg is None or memcg.asked.pop() == 3


@pytest.mark.parametrize("memcg", [None, Charging(CHARGED)])
def test_what_is_made_to_fail_is_charged_to_nobody(memcg):
    assert slab_pre_alloc_hook(Failing(True), memcg, None, None, 0, 1) == REFUSED
    assert memcg is None or memcg.asked == []

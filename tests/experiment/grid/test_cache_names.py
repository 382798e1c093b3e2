"""Caches that nobody has are told before the runs."""

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid import cache_names
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.inputs import load_inputs

QUICK = ("scale=0.005",)


def grid(*axes, settings=QUICK, workload="mixed-remote"):
    return make_grid(Design("two-socket", workload, settings, axes))


def test_a_misspelt_cache_of_an_axis_is_told_of_the_axis_before_anything_runs():
    told = "^--axis tunables.mxied.limit: 60: tunables.mxied: there is no cache 'mxied'.*did you mean 'mixed'"
    with pytest.raises(UserError, match=told):
        grid(Axis("tunables.mxied.limit", ("60",)))


def test_a_misspelt_cache_of_a_setting_is_told_of_the_setting():
    with pytest.raises(UserError, match=r"^--set tunables.kmaloc-64.limit=30: .*did you mean 'kmalloc-64'"):
        grid(Axis("core.ipc", ("1", "2")), settings=(*QUICK, "tunables.kmaloc-64.limit=30"))


def test_caches_of_the_kernel_are_found_by_one_boot_for_all_points(monkeypatch):
    booted = []
    boot = cache_names.boot_system
    monkeypatch.setattr(cache_names, "boot_system", lambda *given: booted.append(given) or boot(*given))
    assert len(grid(Axis("tunables.kmalloc-64.limit", ("30", "40")), Axis("core.ipc", ("1", "2"))).points) == 4
    assert len(booted) == 1
    grid(Axis("tunables.mixed.limit", ("30", "40")))
    assert len(booted) == 1


def test_a_machine_that_does_not_boot_is_left_to_its_runs_and_the_others_are_asked():
    memory = Axis("nodes[0].memory", ("1 MiB", "8 GiB"))
    assert len(grid(memory, Axis("tunables.kmalloc-64.limit", ("30",))).points) == 2
    with pytest.raises(UserError, match="there is no cache 'kmaloc-64'"):
        grid(memory, Axis("tunables.kmaloc-64.limit", ("30",)))


def test_caches_of_a_recording_are_left_to_its_run():
    assert load_inputs("one-node", "untar-rm").traces
    assert len(grid(Axis("tunables.recorded.limit", ("30", "40")), workload="untar-rm").points) == 2

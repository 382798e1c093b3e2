from simslab.experiment.figures.observation import observe
from simslab.experiment.inputs import load_inputs


def rows(*settings):
    observation = observe(load_inputs("two-socket", "mixed-remote", ["scale=0.02", *settings]), 1)
    return {row.cache: row for row in observation.parked}, observation.measurement


def test_objects_of_a_cache_are_live_in_arrays_or_in_slabs():
    parked, measurement = rows("workload.kernel.slab_nomerge=true")
    row = parked["mixed"]
    line = next(text for text in measurement.slabinfo.splitlines() if text.startswith("mixed ")).split()
    active, total, pages = int(line[1]), int(line[2]), int(line[5]) * int(line[14])
    assert measurement.conservation["live"] == 0
    assert row.in_arrays == active
    assert row.in_arrays + row.free_in_slabs == total
    assert (row.size, row.pages) == (int(line[3]), pages)


def test_a_smaller_limit_parks_less():
    large, small = rows()[0], rows("tunables.mixed.limit=8")[0]
    assert small["pool_workqueue"].in_cpu_arrays < large["pool_workqueue"].in_cpu_arrays

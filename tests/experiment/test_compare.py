from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.compare import compare, make_plan, write_comparison
from simslab.experiment.figures.metrics import figures, metrics
from simslab.experiment.figures.observation import Observation
from simslab.experiment.run import run_once
from simslab.experiment.variants import Variant, load_arm, parse_variants
from simslab.report.comparison.comparison import comparison_csv, comparison_document, comparison_text
from simslab.result.measurement import IrqOffRow, LatencyRow, LockRow, Measurement, NodeRow


def made_up(inputs, seed):
    """A run whose latency grows with the machine's scale and, a little, with the seed."""
    cycles = 100 + seed + (0 if not inputs.workload_document.overrides else 50)
    return Observation(
        Measurement(
            machine="m",
            workload="w",
            seed=seed,
            frequency_hz=10**9,
            cycles=1000,
            latency=[
                LatencyRow("alloc", "hit", "c", (cycles,), (9,)),
                LatencyRow("free", "hit", "c", (cycles // 2,), (9,)),
            ],
            nodes=[NodeRow(0, (9, 0), (7, 2), {}), NodeRow(1, (0, 0), (1, 0), {})],
            locks=[
                LockRow("c:list_lock", "a", 9, 2, 1, 4, 5, 1, 2, 9),
                LockRow("d:list_lock", "b", 9, 1, 1, 4, 4, 1, 2, 9),
                LockRow("zone.lock", "c", 9, 9, 1, 4, 99, 1, 2, 9),
            ],
            irqs_off=[IrqOffRow("x", 1, 70, 70, (70,), (1,)), IrqOffRow("y", 1, 80, 80, (80,), (1,))],
        )
    )


def plan_of(*variants, seeds=3, base=None):
    return make_plan("one-node", "mixed-remote", (), parse_variants(variants), seeds=seeds, base=base)


def test_metrics_are_taken_from_their_rows():
    found = figures(made_up(plan_of_one().inputs, 1), metrics())
    assert found["lock.wait:list_lock"] == 9
    assert found["lock.contended:list_lock"] == 3
    assert found["remote.frees"] == 3
    assert found["irqs_off.max"] == 80
    assert found["latency.p50:alloc"] == 101
    assert found["latency.p99:free"] == 50


class plan_of_one:  # noqa: N801 - reads as a call
    def __init__(self):
        from simslab.experiment.inputs import load_inputs

        self.inputs = load_inputs("one-node", "mixed-remote")


def test_a_real_difference_is_told_from_noise():
    comparison = compare(plan_of("more:scale=0.5"), run=made_up)
    verdicts = {each.metric: each.verdict() for each in comparison.differences}
    assert verdicts["latency.mean:alloc (ns)"] == "higher"
    assert verdicts["remote.frees"] == "equal"


def test_metrics_that_no_run_has_a_figure_for_are_named():
    comparison = compare(plan_of("more:scale=0.5"), run=made_up)
    assert comparison.notes[0].startswith("memory.arrays, memory.slabs: no run has a figure for it")


def test_a_metric_that_some_runs_lack_is_compared_over_the_others_and_said_to_be():
    def run(inputs, seed):
        made = made_up(inputs, seed).measurement
        taken = seed % 2 and "0.25" not in str(inputs.workload_document.overrides)
        return Observation(replace(made, latency=made.latency if taken else made.latency[:1]))

    plan = replace(plan_of("more:scale=0.5", "none:scale=0.25", seeds=4), metrics=("latency.mean:free",))
    comparison = compare(plan, run=run)
    (difference,) = comparison.differences
    assert (difference.arm, difference.seeds) == ("more", tuple(seed for seed in plan.seeds if seed % 2))
    partly, never = comparison.notes[:2]
    assert partly.startswith("latency.mean:free: arm more is compared over 2 of the 4 seeds")
    assert never.startswith("latency.mean:free: arm none is left out: 0 of its 4 runs and 2 of the base")
    told = [line.split(",")[:2] for line in comparison_csv(comparison).splitlines()[1:]]
    assert told == [[arm, str(seed)] for arm in ("base", "more") for seed in difference.seeds]
    assert comparison_document(comparison)["differences"][0]["seeds"] == list(difference.seeds)


def test_arms_use_the_same_seeds_in_order():
    seen = []

    def run(inputs, seed):
        seen.append((len(inputs.workload_document.overrides), seed))
        return made_up(inputs, seed)

    plan = plan_of("more:scale=0.5")
    compare(plan, run=run)
    first = plan.seeds[0]
    assert seen == [(arm, first + step) for step in range(3) for arm in range(2)]


def test_a_variant_can_be_the_base():
    plan = plan_of("a:scale=0.5", "b:scale=0.25", base="b")
    assert [arm.name for arm in plan.arms] == ["b", "a"]


def test_an_unknown_base_is_told():
    with pytest.raises(UserError, match="there is no variant 'smal'"):
        plan_of("small:scale=0.5", base="smal")


@pytest.mark.parametrize(
    ("settings", "variant", "seeds"),
    [
        ((), "fast:core.frequency=4 GHz", 1),
        (("workload.kernel.freelist_random=true",), "fast:core.frequency=4 GHz", 3),
        ((), "shuffled:workload.kernel.freelist_random=true", 3),
        (("failslab={probability: 5}",), "fast:core.frequency=4 GHz", 3),
        (("failslab={probability: 100}",), "fast:core.frequency=4 GHz", 1),
        (("workload.kernel.debug_slab=true", "faults=[{kind: overrun, cache: filp, rate: 0.1}]"), "a:scale=0.5", 3),
        (("workload.kernel.debug_slab=true", "faults=[{kind: overrun, cache: filp, at: 3}]"), "a:scale=0.5", 1),
    ],
)
def test_a_trace_gets_more_than_one_seed_where_the_kernel_draws_from_it(settings, variant, seeds):
    plan = make_plan("one-node", "untar-rm", settings, parse_variants([variant]), seeds=3, vary="none")
    assert len(plan.seeds) == seeds


def test_one_run_an_arm_has_no_interval_and_of_a_trace_the_text_says_that_no_seed_gives_another():
    def told(workload, settings, seeds):
        arms = parse_variants(["fast:core.frequency=4 GHz"])
        plan = make_plan("one-node", workload, settings, arms, seeds=seeds, vary="none", chosen=["throughput"])
        return comparison_text(compare(plan))

    same = "A recorded trace draws no random numbers: every seed would be the same run."
    drawn, trace = told("local-churn", ("scale=0.002",), 1), told("untar-rm", ("scale=0.002",), 3)
    assert ("One run an arm, so no interval.\n" in drawn, same in drawn) == (True, False)
    assert ("One run an arm, so no interval.\n" in trace, same in trace) == (True, True)


@pytest.mark.parametrize("vary", ["start", "placement"])
def test_a_trace_gets_something_for_the_seed_to_draw_and_the_text_says_what(vary):
    arms = parse_variants(["fast:core.frequency=4 GHz"])
    plan = make_plan("two-socket", "untar-rm", ("scale=0.06",), arms, seeds=3, vary=vary, chosen=["throughput"])
    assert len(plan.seeds) == 3
    comparison = compare(plan)
    assert len(set(comparison.differences[0].base)) > 1
    assert comparison.differences[0].low is not None
    assert {"start": "start jitter", "placement": "(placement)"}[vary] in comparison_text(comparison)


@pytest.mark.parametrize(("vary", "seeds"), [("none", 1), ("placement", 3)])
def test_what_the_seed_draws_of_a_trace_may_be_set(vary, seeds):
    settings = ("scale=0.02", f"trace.vary={vary}")
    plan = make_plan("one-node", "untar-rm", settings, parse_variants(["a:core.ipc=3"]), seeds=3)
    assert (plan.settings, len(plan.seeds)) == (settings, seeds)
    assert ("every seed would be the same run" in " ".join(plan.notes)) is (vary == "none")


def test_an_arm_that_is_the_base_by_construction_is_named():
    plan = plan_of("same:core.frequency=3.4 GHz")
    assert "Arm same is the same as base" in comparison_text(compare(plan, run=made_up))


def test_files_are_read_once(tmp_path):
    machine = tmp_path / "m.yaml"
    machine.write_bytes((shipped_folder("machines") / "one-node.yaml").read_bytes())
    plan = make_plan(str(machine), "mixed-remote", (), parse_variants(["a:scale=0.5"]), seeds=2)
    machine.unlink()
    comparison = compare(plan, run=made_up)
    write_comparison(plan, comparison, tmp_path / "out")
    assert comparison.seeds == plan.seeds


def test_corrected_intervals_are_wider_and_a_best_arm_is_claimed_with_its_correction():
    plan = plan_of("a:scale=0.5", "b:scale=0.25", seeds=3)

    def noisy(inputs, seed):
        return made_up(inputs, seed * (1 + 3 * len(inputs.workload_document.overrides)))

    single, together = compare(plan, run=noisy), compare(plan, run=noisy, correct=True)

    def width(comparison):
        return next(row.high - row.low for row in comparison.differences if row.metric.startswith("latency.mean"))

    assert width(together) > 1.3 * width(single)
    assert "Bonferroni-t over 2 comparisons" in comparison_text(together)
    assert any("best" in note and "Bonferroni-t" in note for note in single.notes)


def test_another_seed_gives_another_run_of_a_trace_on_a_kernel_with_random_freelists():
    def cycles(*settings):
        plan = make_plan(
            "one-node", "untar-rm", ("scale=0.05", *settings), parse_variants(["a:scale=0.1"]), seeds=2, vary="none"
        )
        inputs = load_arm("one-node", "untar-rm", plan.settings, plan.arms[0])
        return [run_once(inputs, seed).cycles for seed in (1, 2)]

    first, second = cycles()
    assert first == second
    first, second = cycles("workload.kernel.freelist_random=true")
    assert first != second


def test_progress_counts_runs():
    steps = []
    compare(plan_of("more:scale=0.5"), run=made_up, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 6) for n in range(1, 7)]


def test_the_directory_holds_table_figure_and_manifest(tmp_path):
    plan = plan_of("more:scale=0.5")
    write_comparison(plan, compare(plan, run=made_up), tmp_path / "out")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [
        "comparison.csv",
        "comparison.json",
        "comparison.pdf",
        "comparison.png",
        "comparison.txt",
        "manifest.json",
    ]


def test_processes_do_not_change_the_result():
    plan = make_plan("one-node", "mixed-remote", ("scale=0.01",), parse_variants(["twice:scale=0.02"]), seeds=2)
    assert comparison_text(compare(plan)) == comparison_text(compare(plan, processes=2))


def test_seeds_are_added_until_intervals_are_narrow_or_the_most_are_reached():
    plan = plan_of("far:dram.latency=200 ns", seeds=2)
    rough = compare(plan, run=uneven, precision=0.10, max_seeds=64)
    fine = compare(plan, run=uneven, precision=0.05, max_seeds=64)
    assert 2 < len(rough.seeds) < len(fine.seeds) <= 64
    assert ": reached (" in rough.notes[-1]
    half = [(row.high - row.low) / 2 / row.base_mean for row in fine.differences if row.metric.startswith("throughput")]
    assert max(half) <= 0.05
    never = compare(plan, run=uneven, precision=0.0001, max_seeds=8)
    assert len(never.seeds) == 8
    assert "not reached (8 seeds" in never.notes[-1]


def uneven(inputs, seed):
    """A run of `made_up` whose length swings with seed and arm."""
    found = made_up(inputs, seed).measurement
    found.cycles = 1000 + 97 * (seed * (3 if inputs.machine_document.overrides else 1) % 5)
    return Observation(found)


@pytest.mark.parametrize(
    ("names", "seeds", "told"),
    [(["base"], 2, "two arms are called 'base'"), (["a", "a"], 2, "'a'"), (["a"], 0, "0 seeds")],
)
def test_arms_of_one_name_and_numbers_of_seeds_that_cannot_be_are_refused(names, seeds, told):
    arms = [Variant(name, ("scale=0.01",)) for name in names]
    with pytest.raises(UserError, match=told):
        make_plan("one-node", "local-churn", (), arms, seeds=seeds)


def test_precision_is_not_reached_where_nothing_is_drawn():
    plan = make_plan("one-node", "untar-rm", (), [Variant("far", ("dram.latency=200 ns",))], seeds=1, vary="none")
    assert "not reached: there is no interval" in compare(plan, run=uneven, precision=0.01).notes[-1]


def test_an_arm_whose_operations_take_the_same_time_but_for_a_whisker_is_told_and_no_other():
    def moved(cycles, rate):
        def run(inputs, seed):
            made = made_up(inputs, seed)
            if inputs.machine_document.overrides:
                row = made.measurement.latency[0]
                made.measurement.latency[0] = LatencyRow("alloc", "hit", "c", (row.cycles[0] * 200 + cycles,), (9,))
                made.measurement.cycles = rate
            else:
                row = made.measurement.latency[0]
                made.measurement.latency[0] = LatencyRow("alloc", "hit", "c", (row.cycles[0] * 200,), (9,))
            return made

        return compare(plan_of("far:dram.latency=200 ns"), run=run).notes

    assert any("Arm far: every run's operations took" in note for note in moved(1, 1000))
    assert not any("Arm far" in note for note in moved(90, 1000))
    assert not any("Arm far" in note for note in moved(1, 1010))


def test_a_precision_is_not_reached_by_an_arm_without_a_figure_to_compare():
    settings = ("scale=0.02", "caches.mixed.size=4096")
    arms = parse_variants(["wide:tunables.mixed.limit=4000", "near:tunables.mixed.limit=25"])
    plan = make_plan("two-socket", "mixed-remote", settings, arms, seeds=2, chosen=("latency.p99:free/flush_slabs",))
    notes = compare(plan, precision=0.9, max_seeds=4).notes
    assert any("not reached" in note and "by wide (no figure with a seed of the base)" in note for note in notes)

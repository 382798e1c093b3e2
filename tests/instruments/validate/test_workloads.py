"""What each workload takes and tells, beside what its loop makes of it."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.validate import handed_objects, own_objects, questions
from simslab.instruments.validate.rows import COLUMNS, LIMITS, parse
from simslab.instruments.validate.workloads import IN_BATCHES, WORKLOADS, workload_of

SMALL = {
    "size": 256, "cpus": 2, "pairs": 1, "freer": 1, "n": 4, "k": 4, "live": 10, "ring": 8, "share": 20, "order": 1,
    "batch": 2, "delay_ps": 1000, "timer_ps": 1000,
}  # fmt: skip


def row(workload, numbers, metric="each"):
    parameters = " ".join(f"{name}={number}" for name, number in numbers.items())
    text = f"s,emerald-rapids-2,1,{workload},{parameters},{metric},1,1,1,ns,0.1,prediction"
    return parse(f"{','.join(COLUMNS)}\n{text}\n", "t.csv")[0]


@pytest.mark.parametrize(("name", "workload"), [*WORKLOADS.items(), ("pages", IN_BATCHES)])
def test_a_loop_tells_the_metrics_that_are_promised(monkeypatch, name, workload):
    for module in ("own_objects", "handed_objects", "machine_loops"):
        for count in ("PAIRS", "BULKS", "CHURNS", "BURSTS", "HANDED", "TURNS", "ATOMICS", "PAGES"):
            monkeypatch.setattr(f"simslab.instruments.validate.{module}.{count}", 3, raising=False)
    asked = row(name, {number: SMALL[number] for number in workload.numbers}, workload.metrics[0])
    assert set(questions.ask(asked)[1]) == set(workload.metrics)


def test_a_workload_takes_known_numbers_only():
    for workload in (*WORKLOADS.values(), IN_BATCHES):
        assert set(workload.takes) <= set(LIMITS)
        assert len(set(workload.takes)) == len(workload.takes)


def test_every_number_that_a_row_may_have_is_some_workloads():
    assert {name for workload in (*WORKLOADS.values(), IN_BATCHES) for name in workload.takes} == set(LIMITS)


@pytest.mark.parametrize("name", [name for name, workload in WORKLOADS.items() if "size" in workload.numbers])
def test_numbers_arrive_at_a_loop_in_the_order_of_its_parameters(name):
    module = handed_objects if hasattr(handed_objects, name) else own_objects
    loop = name.removesuffix("_alloc").removesuffix("_free") if name.startswith("hist_nn") else name
    code = getattr(module, loop).__code__
    parameters = [each for each in code.co_varnames[2 : code.co_argcount] if each != "operation"]
    assert parameters == list(WORKLOADS[name].numbers[1:])


def test_pages_in_batches_are_another_loop():
    assert workload_of(row("pages", {"order": 0, "batch": 4}, "free")) is IN_BATCHES
    assert workload_of(row("pages", {"order": 0}, "alloc_free_pair")) is WORKLOADS["pages"]


@pytest.mark.parametrize(
    ("workload", "numbers", "told"),
    [
        ("exchang", {}, "no workload 'exchang'.*did you mean 'exchange'"),
        ("bulk", {"size": 64}, "no number 'k'"),
        ("bulk", {"size": 64, "k": 3, "cpus": 1}, "'cpus' is no number of workload 'bulk'"),
        ("irq", {"cpus": 1}, "'cpus' is no number of workload 'irq'; expected none"),
        ("bulk", {"size": 64, "k": 3}, "no metric 'each'; expected op"),
    ],
)
def test_a_row_that_does_not_go_with_its_workload_is_told(workload, numbers, told):
    with pytest.raises(UserError, match=rf"^t\.csv:2:1: .*{told}"):
        workload_of(row(workload, numbers))


def test_tunables_that_the_kernel_refuses_are_told_with_the_rows_place():
    asked = row("burst", {"size": 256, "cpus": 1, "k": 4, "limit": 4094, "batchcount": 4094, "shared": 1024}, "alloc")
    told = r"t.csv:2:1: the kernel refuses .*shared=1024.* \(ENOMEM\); expected tunables that it takes"
    with pytest.raises(UserError, match=told):
        questions.ask(asked)

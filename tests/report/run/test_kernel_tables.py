import pytest

from simslab.report.run.kernel_tables import LOCKS_SHOWN, lock_table, memcg_table
from simslab.report.tables import plain_text
from simslab.result.measurement import LockRow, Measurement, MemcgRow


def with_locks(count):
    locks = [LockRow(f"lock{i}", "site", 9, 2, 1, 4, 5, 1, 2, 9) for i in range(count)]
    return Measurement("m", "w", 1, 10**9, 0, locks=locks)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "Means are per contended wait and per hold."),
        (LOCKS_SHOWN, "Means are per contended wait and per hold."),
        (LOCKS_SHOWN + 2, "Means are per contended wait and per hold. 2 more not shown."),
    ],
)
def test_the_means_of_locks_are_explained_whether_or_not_rows_are_hidden(count, told):
    assert plain_text([lock_table(with_locks(count))]).splitlines()[-1] == told


def test_locks_never_taken_make_no_table():
    assert lock_table(with_locks(0)) is None


@pytest.mark.parametrize(("limit", "told"), [(None, "none"), (256, "256")])
def test_a_cgroup_is_told_with_its_limit(limit, told):
    row = MemcgRow("jobs", limit, 64, 65, 80_256, 0, *range(1, 13))
    text = plain_text([memcg_table(Measurement("m", "w", 1, 10**9, 0, memcg=[row]))])
    assert next(line for line in text.splitlines() if line.startswith("jobs")).split() == [
        "jobs",
        "1",
        "4",
        "5",
        "6",
        "9",
        "7",
        "10",
        "11",
        "64",
        told,
        "80,256",
    ]


def test_without_cgroups_there_is_no_table_of_them():
    assert memcg_table(Measurement("m", "w", 1, 10**9, 0)) is None

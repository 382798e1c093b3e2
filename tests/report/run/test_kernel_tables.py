import pytest

from simslab.report.run.kernel_tables import LOCKS_SHOWN, lock_table
from simslab.report.tables import plain_text
from simslab.result.measurement import LockRow, Measurement


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

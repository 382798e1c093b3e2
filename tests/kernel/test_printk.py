import logging

import pytest

from simslab.kernel.printk import CAPACITY, TAINT_BAD_PAGE, KernelLog, RateLimit


class FakeCpu:
    id = 1
    now = 0


@pytest.fixture
def cpu():
    return FakeCpu()


@pytest.fixture
def log():
    return KernelLog(2_000_000_000, 2)


def test_a_line_carries_the_time_since_boot(log, cpu):
    cpu.now = 3 * 2_000_000_000 + 2_500_000
    log.pr_err(cpu, "one\ntwo")
    assert log.lines == ["[    3.001250] one", "[    3.001250] two"]


def test_pythons_logging_hears_messages_at_their_level(log, cpu, caplog):
    with caplog.at_level(logging.WARNING, "simslab.kernel"):
        log.pr_warn(cpu, "careful")
        log.pr_err(cpu, "broken")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "careful"),
        ("ERROR", "broken"),
    ]


def test_the_first_lines_are_kept_and_the_others_counted(log, cpu):
    for i in range(CAPACITY + 3):
        log.pr_warn(cpu, str(i))
    assert (len(log.lines), log.dropped) == (CAPACITY, 3)
    assert log.lines[0].endswith("] 0")


def test_a_stack_dump_names_the_task_and_the_taint(log, cpu):
    log.comm[1] = "a-task-with-a-very-long-name"
    log.dump_stack(cpu)
    log.add_taint(TAINT_BAD_PAGE)
    log.dump_stack(cpu)
    assert log.lines[0].endswith("CPU: 1 PID: 2 Comm: a-task-with-a-very-l Not tainted 5.10.135-simslab #1")
    assert "Tainted: G    B             5.10.135" in log.lines[1]


def test_ten_messages_in_five_seconds_pass_and_the_next_ones_are_counted(log, cpu):
    limit = RateLimit(log, "noise")
    assert [limit.allows(cpu) for _ in range(12)] == [True] * 10 + [False] * 2
    cpu.now = 5 * 2_000_000_000 + 1
    assert limit.allows(cpu)
    assert log.lines == ["[    5.000000] noise: 2 callbacks suppressed"]

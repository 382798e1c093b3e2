"""Recorded firing times of the reaper: accepted as they are, refused when what the kernel determines differs."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from simslab.conform.dispatch import conform
from simslab.conform.slab.reaplog import LATEST, Firing, Replay
from simslab.kernel.time.jiffies import round_jiffies_relative, wheel_expiry

RECORD = Path(__file__).parents[2] / "golden" / "reaplog-2n8c.csv"
HZ = 250


def firings():
    with RECORD.open() as stream:
        return [
            Firing(int(row["cpu"]), int(row["jiffies"]), int(row["slab_reap_node"])) for row in csv.DictReader(stream)
        ]


def written(folder, rows, flag=1, topology="2n8c"):
    """Write rows in order of time, with numbers and milliseconds that fit."""
    rows = sorted(rows, key=lambda row: row.jiffies)
    path = folder / f"reaplog-{topology}.csv"
    lines = ["seq,cpu,jiffies,ms_since_first,slab_reap_node,timer_deferrable"]
    for number, row in enumerate(rows):
        lines.append(f"{number},{row.cpu},{row.jiffies},{(row.jiffies - rows[0].jiffies) * 4},{row.node},{flag}")
    path.write_text("\n".join(lines) + "\n")
    return path


def previous(rows, number):
    return next((row for row in reversed(rows[:number]) if row.cpu == rows[number].cpu), None)


def expiry(row):
    delay = round_jiffies_relative(2 * HZ, row.cpu, HZ, row.jiffies)
    return wheel_expiry(row.jiffies + delay, row.jiffies)


def test_the_record_is_explained_and_it_is_said_what_was_read_from_it():
    verdict = conform(RECORD)
    assert verdict.ok
    assert verdict.rows == 90
    assert verdict.notes == [
        "52 firings at the clocksource watchdog's visit; read from the log: 8 first ones, 30 of CPUs awake for other "
        "reasons, 0 reapers that ended a jiffy later"
    ]


def test_the_same_rows_written_again_are_accepted(tmp_path):
    assert conform(written(tmp_path, firings())).ok


@pytest.mark.parametrize("number", range(8, 90, 27))
def test_a_firing_before_its_timer_expires_is_refused(tmp_path, number):
    rows = firings()
    rows[number] = replace(rows[number], jiffies=expiry(previous(rows, number)) - 1)
    assert "not before its timer expires" in conform(written(tmp_path, rows)).difference


@pytest.mark.parametrize("number", [10, 28, 46, 69])
def test_a_firing_later_than_the_next_visit_of_the_watchdog_is_refused(tmp_path, number):
    rows = firings()
    visit = Replay(RECORD.name, rows).watchdog.next_visit(rows[number].cpu, expiry(previous(rows, number)))
    rows[number] = replace(rows[number], jiffies=visit + 2 * LATEST + 1)
    assert "firing: expected none before" in conform(written(tmp_path, rows)).difference


@pytest.mark.parametrize("number", range(20, 80, 25))
def test_a_firing_left_out_is_refused(tmp_path, number):
    rows = firings()
    del rows[number]
    assert not conform(written(tmp_path, rows)).ok


@pytest.mark.parametrize("number", range(20, 80, 25))
def test_a_firing_too_many_is_refused(tmp_path, number):
    rows = firings()
    rows.append(replace(rows[number], jiffies=rows[number].jiffies + 200, node=1 - rows[number].node))
    assert not conform(written(tmp_path, rows)).ok


@pytest.mark.parametrize("number", range(12, 90, 22))
def test_a_rotor_that_does_not_advance_is_refused(tmp_path, number):
    rows = firings()
    rows[number] = replace(rows[number], node=1 - rows[number].node)
    assert "slab_reap_node" in conform(written(tmp_path, rows)).difference


def test_a_timer_that_is_not_deferrable_is_refused(tmp_path):
    assert "timer_deferrable" in conform(written(tmp_path, firings(), flag=0)).difference


def test_a_cpu_that_never_fires_is_refused(tmp_path):
    rows = [row for row in firings() if row.cpu != 5]
    assert "CPUs" in conform(written(tmp_path, rows)).difference


def test_columns_that_contradict_each_other_are_refused(tmp_path):
    text = RECORD.read_text()
    for old, new in (("8,0,4294894360,3168", "8,0,4294894360,3172"), ("\n9,1,", "\n8,1,")):
        path = tmp_path / "reaplog-2n8c.csv"
        path.write_text(text.replace(old, new))
        assert not conform(path).ok


@pytest.mark.parametrize(("topology", "nodes"), [("1n1c", 1), ("1n4c", 1), ("4n8c", 4), ("2n4c1m", 3)])
def test_what_idle_cpus_of_another_topology_would_do_is_accepted_and_a_late_one_refused(tmp_path, topology, nodes):
    """The expectation is worked out here: idle CPUs fire at the first visit from their timer's expiry on."""
    cpus, begin, rows = int(topology[2]), 4294893000, []
    visits = [((begin + 125 * i) // 8 + 1) * 8 for i in range(80)]
    for cpu in range(cpus):
        node = due = 0
        for jiffies in visits[cpu::cpus]:
            if jiffies >= due:
                rows.append(Firing(cpu, jiffies, node))
                node, due = (node + 1) % nodes, expiry(rows[-1])
    assert conform(written(tmp_path, rows, topology=topology)).ok
    rows[1] = replace(rows[1], jiffies=rows[1].jiffies + 125 * cpus + 20)
    assert not conform(written(tmp_path, rows, topology=topology)).ok

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.workload.trace.line_scanner import LineScanner
from simslab.workload.trace.trace_events import (
    COMMENT,
    END,
    FULL,
    HARDIRQ_CONTEXT,
    NO_FIELDS,
    NO_HEAD,
    NO_KMEM,
    SOFTIRQ_CONTEXT,
    TASK_CONTEXT,
)

KINDS = {"kmem_cache_alloc": 0, "kmem_cache_alloc_node": 0, "kmem_cache_free": 1, "kmalloc": 2, "kmalloc_node": 2}
KINDS["kfree"] = 3
COLUMNS = ("time", "cpu", "task", "context", "ptr", "shape")
LINE = "a-7 [001] d.h1. 12.000034: kfree: call_site=x+0x1/0x2 ptr=00000000aa"


def scanner(capacity=100):
    """A scanner whose shapes are numbered in order of appearance; a shape with 'bad' in it means nothing."""
    seen = []

    def new(kind, text):
        if b"bad" in text:
            return -1
        seen.append((kind, text))
        return len(seen) - 1

    return LineScanner(new, capacity), seen


def scanned(text, capacity=100):
    made, seen = scanner(capacity)
    data = text.encode()
    made.begin(data, 0, len(data))
    states = []
    while (state := made.read()) != END:
        states.append(state)
        if state == FULL:
            break
    rows = {name: np.asarray(getattr(made, f"{name}_owner"))[: made.rows].tolist() for name in COLUMNS}
    return rows, states, seen, made


NAMES = st.text("ab-_ /:.[]()<>0123456789", min_size=1, max_size=15)
NUMBERS = st.integers(0, 10**9)


@given(
    st.lists(
        st.tuples(
            NAMES, NUMBERS, st.integers(0, 4095), st.sampled_from(["ftrace", "tgid", "bare", "perf", "trace-cmd"]),
            st.sampled_from([("....", 0), ("..s1.", 1), ("d.h.", 2), ("dNZ2.", 2), ("D.H12", 2)]),
            st.integers(0, 8 * 10**18),
            st.sampled_from(sorted(KINDS)), st.sampled_from(["f+0x1/0x2", "f+0x1/0x2 [a_module]", "ffffffff81000000"]),
            st.integers(0, (1 << 64) - 1), st.sampled_from(["%016x", "%x", "0x%x"]),
            st.sampled_from(["", " name=filp", " bytes_req=1 gfp_flags=GFP_KERNEL|__GFP_ZERO"]),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_every_spelling_of_a_head_gives_its_values(lines):
    text, expected = [], []
    for name, pid, cpu, style, (flags, context), ns, event, site, ptr, spelling, rest in lines:
        seconds, fraction = divmod(ns, 10**9)
        us = fraction // 1000
        head = {
            "ftrace": f"{name:>16}-{pid:<7} [{cpu:03}] {flags} {seconds:5}.{us:06}: {event}: ",
            "tgid": f"{name:>16}-{pid:<7} ({pid + 1:7}) [{cpu:03}] {flags} {seconds:5}.{us:06}: {event}: ",
            "bare": f"{name:>16}-{pid:<7} [{cpu:03}] {seconds:5}.{us:06}: {event}: ",
            "perf": f"{name:>16} {pid + 1:5}/{pid:<5} [{cpu:03}] {seconds}.{fraction:09}:  kmem:{event}: ",
            "trace-cmd": f"{name:>16}-{pid:<5} [{cpu:03}] {seconds:5}.{fraction:09}: {event}:   (f+0x1) ",
        }[style]
        text.append(head + f"call_site={site} ptr={spelling % ptr}{rest}\n")
        whole = style in ("perf", "trace-cmd")
        expected.append((ns if whole else ns // 1000 * 1000, cpu, pid, context if style in ("ftrace", "tgid") else 0,
                         ptr - (1 << 64) if ptr >> 63 else ptr, (KINDS[event], rest.encode())))  # fmt: skip
    rows, states, seen, made = scanned("".join(text))
    assert states == []
    found = zip(rows["time"], rows["cpu"], [int(made.task_names()[i]) for i in rows["task"]], rows["context"],
                rows["ptr"], [seen[i] for i in rows["shape"]], strict=True)  # fmt: skip
    assert list(found) == expected


def test_each_distinct_shape_is_asked_for_once():
    rows, states, seen, _ = scanned((LINE + " name=a\n" + LINE + " name=b\n" + LINE + " bad\n") * 3)
    assert seen == [(3, b" name=a"), (3, b" name=b")]
    assert rows["shape"] == [0, 1] * 3
    assert states == [NO_FIELDS] * 3


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("# tracer: nop", COMMENT),
        ("rubbish", NO_HEAD),
        ("a-7 [001] 1.0 kfree: call_site=x ptr=1", NO_HEAD),
        ("a-7 [0001234567] 1.0: kfree: call_site=x ptr=1", NO_HEAD),
        ("a-b [001] 1.0: kfree: call_site=x ptr=1", NO_HEAD),
        ("a-7 [001] 9000000000.0: kfree: call_site=x ptr=1", NO_HEAD),
        ("x" * 20000 + LINE, NO_HEAD),
        ("a-7 [001] 1.0: sched_switch: prev_comm=kfree", NO_KMEM),
        ("a-7 [001] 1.0: kmem_cache_free_bulk: call_site=x ptr=1", NO_KMEM),
        ("a-7 [001] 1.0: <stack trace>", NO_KMEM),
        ("a-7 [001] 1.0:", NO_KMEM),
        ("a-7 [001] 1.0: kfree:", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x ptr=", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x ptr=xyz", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x ptr=12345678901234567", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x ptr=(efault)x", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: call_site=x ptr=(null", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: ptr=1 call_site=x", NO_FIELDS),
        ("a-7 [001] 1.0: kfree: (x call_site=x ptr=1", NO_FIELDS),
        ("a-7 [001] 1.0: kmem_cache_free: call_site=x name=dentry ptr=1", NO_FIELDS),
    ],
)
def test_what_is_no_event_is_told_apart(line, state):
    rows, states, _, made = scanned(line)
    assert (states, rows["ptr"]) == ([state], [])
    assert made.line_text() == line.encode()


@pytest.mark.parametrize(
    ("flags", "context"),
    [
        ("d..h1..", HARDIRQ_CONTEXT),  # PREEMPT_RT, with need-resched-lazy before the context
        ("dNLs1.", SOFTIRQ_CONTEXT),
        ("bpL.1.", TASK_CONTEXT),
        ("d.z1.", HARDIRQ_CONTEXT),
        ("-0x9", HARDIRQ_CONTEXT),  # trace-cmd report -R
        ("-0x40", HARDIRQ_CONTEXT),
        ("-0x11", SOFTIRQ_CONTEXT),
        ("-0x85", TASK_CONTEXT),
        ("H", TASK_CONTEXT),  # perf's field misc: a hypervisor
    ],
)
def test_the_context_is_told_by_letters_in_any_column_or_by_a_number(flags, context):
    rows, states, _, _ = scanned(f"a-7 [001] {flags} 1.0: kfree: call_site=x ptr=1")
    assert (states, rows["context"]) == ([], [context])


@pytest.mark.parametrize(
    ("printed", "value"),
    [("(null)", 0), ("          (null)", 0), ("(nil)", 0), ("0x(nil)", 0), ("(____ptrval____)", -1), ("(efault)", -1),
     ("0x10", 16), ("c147dd20", 0xC147DD20)],
)  # fmt: skip
def test_a_pointer_is_read_as_any_version_prints_it(printed, value):
    rows, states, _, _ = scanned(f"a-7 [001] .... 1.0: kfree: call_site=x ptr={printed} name=y")
    assert (states, rows["ptr"]) == ([], [value])


def test_the_time_since_the_event_before_is_passed_over():
    rows, states, _, _ = scanned("a-7 [001] .... 1.0: (+24)   kfree:   call_site=x ptr=1\na-7 [001] .... 1.0: (+24")
    assert (states, rows["ptr"]) == ([NO_KMEM], [1])


def test_a_full_table_goes_on_where_it_stopped():
    made, _ = scanner(2)
    data = (LINE + "\n").encode() * 5
    made.begin(data, 0, len(data))
    counts = []
    while made.read() == FULL:
        counts.append(made.rows)
        made.rows = 0
    assert (*counts, made.rows, made.lines) == (2, 2, 1, 5)


def test_only_the_part_asked_for_is_read():
    made, _ = scanner()
    data = (LINE + "\n" + LINE[:30]).encode()
    made.begin(data, 0, len(LINE) + 1)
    assert (made.read(), made.rows, made.lines) == (END, 1, 1)


@given(st.binary(max_size=200) | st.text("a-7 [0]1.:kfrecall_sit=px\n\t()", max_size=200).map(str.encode))
def test_any_bytes_are_read_to_their_end(text):
    made, _ = scanner(1000)
    made.begin(text, 0, len(text))
    for _ in range(len(text) + 1):
        if made.read() == END:
            break
    assert made.at >= len(text)

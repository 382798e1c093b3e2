"""Symbols of the simulated code."""

import pytest

from simslab.kernel.printk import KernelLog
from simslab.kernel.text import TEXT_START, TaskText


class OnCpu:
    id, now = 0, 0


@pytest.fixture
def log():
    return KernelLog(10**9, 2)


@pytest.fixture
def text(log):
    return TaskText(log)


def test_each_task_has_a_symbol_of_its_own(log, text):
    log.comm = ["reader", "writer"]
    reader, writer = OnCpu(), OnCpu()
    writer.id = 1
    addresses = [text.caller(reader, 0x10), text.caller(writer, 0x20), text.caller(reader, 0x20)]
    assert addresses == [TEXT_START + 0x10, TEXT_START + 0x60, TEXT_START + 0x20]
    assert [text.symbol(address) for address in addresses] == [
        "reader+0x10/0x40", "writer+0x20/0x40", "reader+0x20/0x40"
    ]  # fmt: skip


@pytest.mark.parametrize("address", [0, TEXT_START - 1, TEXT_START])
def test_other_addresses_are_shown_as_they_are(text, address):
    assert text.symbol(address) == hex(address)

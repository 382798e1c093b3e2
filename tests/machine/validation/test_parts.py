import pytest

from simslab.machine.validation.parts import part_faults

FAULTS = {
    "core.frequency=99 MHz": (("core", "frequency"), "a core clock of 99000000 Hz"),
    "core.frequency=16": (("core", "frequency"), "a core clock of 16 Hz"),  # and not what takes cycles of it
    "dram.latency=1001 us": (("dram", "latency"), "1001 us is too long"),
    "l3.ways=13": (("l3", "size"), "13 ways of 64-byte lines do not divide 23068672 bytes"),
    "l2={size: 2 GiB, ways: 16, latency: 1 ns}": (("l2", "size"), f"{2 << 30} bytes of cache"),
    "l1d={size: 24 KiB, ways: 8, latency: 1 ns}": (("l1d", "size"), "48 sets of 8 lines in the L1"),
    "tlb.l2.page_4k.ways=7": (("tlb", "l2", "page_4k", "entries"), "7 ways do not divide 1536 entries"),
    "tlb.l1.page_1g=null": (("tlb", "direct_map"), "the first level has no entries for pages of 1G"),
    "nodes=[{each: package, memory: 4097}]": (("nodes", 0, "memory"), "4097 bytes of memory"),
    "nodes=[{each: package, memory: 0}]": (("nodes",), "no node has memory"),
}


@pytest.mark.parametrize("override", FAULTS)
def test_an_impossible_part_is_told_at_its_place(override, described, told):
    assert told(part_faults(described(override))) == [FAULTS[override]]


SLOW = {
    "dram.bandwidth=0": ("dram", "bandwidth"),
    "dram.write_bandwidth=0": ("dram", "write_bandwidth"),
    "dram.stream_write_bandwidth=0": ("dram", "stream_write_bandwidth"),
    "l1d.bandwidth=0": ("l1d", "bandwidth"),
    "l2.bandwidth=0": ("l2", "bandwidth"),
    "l3.core_bandwidth=0": ("l3", "core_bandwidth"),
    "l3.port_read=0": ("l3", "port_read"),
    "l3.port_write=0": ("l3", "port_write"),
    "links.upi.bandwidth=0": ("links", 0, "bandwidth"),
    "links.upi.back_bandwidth=0": ("links", 0, "back_bandwidth"),
    "mesh={hop: 1 ns, bandwidth: 0}": ("mesh", "bandwidth"),
    "nodes=[{each: package, memory: 1 GiB, dram: {latency: 1 ns, bandwidth: 0}}]": ("nodes", 0, "dram", "bandwidth"),
}


@pytest.mark.parametrize("override", SLOW)
def test_no_part_may_have_zero_bandwidth(override, described, told):
    assert told(part_faults(described(override))) == [(SLOW[override], "zero bandwidth")]


def test_a_forgotten_unit_of_bandwidth_is_told(described):
    (fault,) = part_faults(described("dram.bandwidth=25"))
    assert fault.message == "a bandwidth of 25 bytes/s"
    assert "a bare number is bytes/s" in fault.expected


def test_a_sound_machine_has_no_faults(described):
    assert part_faults(described()) == []
    assert part_faults(described("tlb=null")) == []

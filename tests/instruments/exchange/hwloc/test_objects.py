"""One spelling of lstopo's objects for all versions of hwloc."""

import xml.etree.ElementTree as ET

import pytest

from simslab.instruments.exchange.hwloc.objects import (
    bytes_of,
    infos,
    kind_of,
    levels_below,
    number_of,
    read_places,
    subtype_of,
    unknown_parts,
)


def element(text):
    return ET.fromstring(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<object type="Socket"/>', "Package"),
        ('<object type="Node"/>', "NUMANode"),
        ('<object type="Proc"/>', "PU"),
        ('<object type="L2Cache" depth="2" cache_type="0"/>', "L2"),
        ('<object type="Cache" depth="3"/>', "L3"),
        ('<object type="L1Cache"/>', "L1"),
        ('<object type="L1iCache" cache_type="2"/>', "L1iCache"),
        ('<object type="L1Cache" depth="1" cache_type="2"/>', "instruction cache"),
        ('<object type="L3Cache" depth="3"><info name="Type" value="MemorySideCache"/></object>', "MemCache"),
        ('<object type="Group" kind="104"/>', "Die"),
        ('<object type="Group" subtype="Die"/>', "Die"),
        ('<object type="Group"/>', "Group"),
        ("<object/>", ""),
    ],
)
def test_a_kind_has_one_spelling(text, kind):
    assert kind_of(element(text)) == kind


def test_a_subtype_is_an_attribute_or_an_info():
    assert subtype_of(element('<object subtype="MCDRAM"/>')) == "MCDRAM"
    assert subtype_of(element('<object><info name="Type" value="HBM"/></object>')) == "HBM"
    assert infos(element('<object><info name="a" value="b"/></object>')) == {"a": "b"}


def test_a_number_that_is_none_is_told_with_its_object():
    with pytest.raises(ValueError, match="os_index='x' of a PU"):
        number_of(element('<object type="PU" os_index="x"/>'), "os_index")
    with pytest.raises(ValueError, match="os_index='' of a PU"):
        number_of(element('<object type="PU"/>'), "os_index")
    assert number_of(element("<object/>"), "os_index", 7) == 7


def test_sizes_are_bytes_or_the_oldest_versions_kilobytes():
    assert bytes_of(element('<object cache_size="32768"/>'), "cache_size") == 32768
    assert bytes_of(element('<object memory_kB="4"/>'), "local_memory") == 4096
    assert bytes_of(element("<object/>"), "local_memory") is None
    with pytest.raises(ValueError, match="local_memory='-1'"):
        bytes_of(element('<object local_memory="-1"/>'), "local_memory")


def test_places_come_from_the_top_down_with_what_is_above_them():
    root = element(
        '<topology><object type="Machine"><object type="Package" os_index="0"><object type="Core"/>'
        '</object><object type="Package" os_index="1"><object type="Core"/></object></object></topology>'
    )
    found = list(read_places(root))
    assert [place.kind for place in found] == ["Machine", "Package", "Core", "Package", "Core"]
    assert [place.above["Package"].get("os_index") for place in found if place.kind == "Core"] == ["0", "1"]


def test_levels_are_counted_as_hwloc_1_counts_them():
    """A kind that another still has below it waits: the core without an L2 is on the level of the other cores."""
    top = element(
        '<object type="Machine"><object type="Core" os_index="0"><object type="PU" os_index="0"/></object>'
        '<object type="Cache" depth="2"><object type="Core" os_index="1"><object type="PU" os_index="1"/></object>'
        '</object><object type="Misc"/></object>'
    )
    levels = levels_below(top)
    assert [kind for kind, _ in levels] == ["Machine", "L2", "Core", "PU"]
    assert [core.get("os_index") for core in levels[2][1]] == ["0", "1"]


def test_groups_of_another_depth_are_a_level_of_their_own():
    top = element(
        '<object type="Machine"><object type="Group" depth="0"><object type="Group" depth="1">'
        '<object type="PU"/></object></object></object>'
    )
    assert [kind for kind, _ in levels_below(top)] == ["Machine", "Group 0", "Group 1", "PU"]


def test_what_no_version_writes_is_counted_and_the_first_named():
    root = element(
        '<topology><object type="Machine"><object type="QPU"/><object type="QPU"/><frob/></object></topology>'
    )
    assert unknown_parts(root, list(read_places(root))) == [
        "3 unknown parts left out: object of type 'QPU' (2), <frob> (1)"
    ]


def test_known_parts_are_no_matter():
    root = element(
        '<topology><object type="Machine"><info/><object type="L1Cache" cache_type="2"/></object></topology>'
    )
    assert unknown_parts(root, list(read_places(root))) == []

import pytest

from simslab.base.documents.document import Override
from simslab.base.documents.overrides import apply_overrides, existing_path, parse_path, share_out, split_override
from simslab.base.documents.yamlfile import parse_value, parse_yaml
from simslab.base.errors import UserError

TEXT = "nodes:\n  - {name: a, memory: 1}\n  - {name: b, memory: 2}\nspeed: 3\n"


def overridden(*texts):
    document = parse_yaml(TEXT, "f.yaml")
    apply_overrides(document, [(text, parse_value) for text in texts])
    return document


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a.0.c", ("a", 0, "c")),
        ("a[x-y].c", ("a", "x-y", "c")),
    ],
)
def test_paths_are_dotted_with_indexes(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", ".a", "a..b", "a[", "a]", "..", "a[]"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(UserError, match="path"):
        parse_path(text)


def test_the_value_begins_after_the_first_equals_sign():
    assert split_override("a = b=c") == ("a", "b=c")
    with pytest.raises(UserError, match="has no '='"):
        split_override("a")


def test_overrides_set_values_by_index_and_by_name():
    document = overridden("nodes[0].memory=7", "nodes.b.memory=2 GiB", "extra.deep=on")
    assert document.value == {
        "nodes": [{"name": "a", "memory": 7}, {"name": "b", "memory": "2 GiB"}],
        "speed": 3,
        "extra": {"deep": "on"},
    }


def test_each_override_is_recorded_with_what_it_replaced():
    document = overridden("nodes.b.memory=5", "nodes[1].memory=6")
    assert document.overrides == [
        Override("nodes.b.memory=5", "nodes[1].memory", 5, 2),
        Override("nodes[1].memory=6", "nodes[1].memory", 6, 5),
    ]


def test_an_overridden_value_is_placed_at_its_override():
    document = overridden("nodes[1].memory=5", "new.key=1")
    assert document.position(("nodes", 1, "memory")).file == "--set nodes[1].memory=5"
    assert document.position(("new", "other")).file == "--set new.key=1"
    assert document.position(("nodes", 0)).file == "f.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nodes[2].memory=1", "--set nodes.*: nodes has no member 2; expected an index from 0 to 1"),
        ("nodes.aa.memory=1", "no member 'aa'.*did you mean 'a'"),
        ("speed.x=1", "'x' cannot be set: speed is a number"),
        ("speed=[1", "--set speed=.1: "),
        ("speed", "has no '='"),
    ],
)
def test_an_override_that_cannot_be_set_is_named(text, message):
    with pytest.raises(UserError, match=message):
        overridden(text)


def test_all_wrong_overrides_are_told_at_once():
    with pytest.raises(UserError) as caught:
        overridden("speed.x=1", "speed=4", "nodes[9]=1")
    assert len(caught.value.problems) == 2


KEYS = {"machine": ["nodes", "name"], "workload": ["caches", "name"]}


def test_overrides_go_to_the_document_that_knows_their_key():
    assert share_out(["nodes[0].x=1", "caches.a=2", "workload.name=w", "machine.name=m"], KEYS) == {
        "machine": ["nodes[0].x=1", "name=m"],
        "workload": ["caches.a=2", "name=w"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name=x", "--set name=x: 'name' could mean several; expected machine.name or workload.name"),
        ("ndoes=x", "--set ndoes=x: unknown key 'ndoes'; expected one of .*; did you mean 'nodes'"),
        ("machine=x", "unknown key 'machine'"),
        ("nodes", "has no '='"),
    ],
)
def test_an_override_that_no_one_document_knows_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        share_out([text], KEYS)


@pytest.mark.parametrize(
    ("text", "path"),
    [("speed", ("speed",)), ("nodes.b.memory", ("nodes", 1, "memory")), ("nodes[0].memory", ("nodes", 0, "memory"))],
)
def test_the_path_of_a_part_that_is_there_has_the_numbers_of_members(text, path):
    assert existing_path(parse_yaml(TEXT, "f.yaml"), text) == path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sped", "the document has no 'sped'; expected nodes, speed; did you mean 'speed'"),
        ("nodes.b.memroy", r"nodes\[1\] has no 'memroy'; expected name, memory; did you mean 'memory'"),
        ("nodes[2].memory", "nodes has no member 2; expected an index from 0 to 1"),
        ("speed.x", "speed is a number"),
    ],
)
def test_a_part_that_is_not_there_is_told_where_it_would_be(text, told):
    with pytest.raises(UserError, match=told):
        existing_path(parse_yaml(TEXT, "f.yaml"), text)

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.documents.document import Position
from simslab.base.documents.yamlfile import MAX_DEPTH, parse_value, parse_yaml, read_yaml
from simslab.base.errors import UserError


def only_problem(text):
    document = parse_yaml(text, "f.yaml")
    assert len(document.problems) == 1
    return str(document.problems[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e6", 1e6),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        (".5", 0.5),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!bool True", True),
        ("!!null ~", None),
        ("=", "="),
        ("<<", "<<"),
        ("", ""),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    result = parse_value(text)
    assert result == value
    assert type(result) is type(value)


def test_every_part_knows_its_line_and_column():
    document = parse_yaml("a:\n  - b: 1\n    c: [x, y]\n", "f.yaml")
    assert document.position(("a", 0, "c", 1)) == Position("f.yaml", 3, 12)
    assert document.position(("a", 0, "c"), key=True) == Position("f.yaml", 3, 5)
    assert document.position(("a", 0, "missing")) == Position("f.yaml", 2, 5)


def test_duplicate_keys_are_refused_with_the_first_ones_line():
    assert only_problem("a: 1\nb: 2\na: 3\n") == "f.yaml:3:1: a: duplicate key 'a', first on line 1"


def test_an_alias_is_read_as_what_it_stands_for():
    assert parse_yaml("a: &x [1]\nb: *x\n").value == {"a": [1], "b": [1]}


def test_an_alias_bomb_is_refused():
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{c}: &{c} [{','.join(['*' + p] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(UserError, match=r"f.yaml:1:.*expands without bound"):
        parse_yaml("\n".join(lines), "f.yaml")


@pytest.mark.parametrize("text", ["a: &a [*a]", "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "[" * 5000])
def test_endless_or_deep_nesting_is_refused(text):
    with pytest.raises(UserError, match=f"at most {MAX_DEPTH} levels"):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object:os.system x", "tag '!!python/object:os.system' is not supported"),
        ("? [1, 2]\n: 3", "not a usable key"),
        ("true: 3", "not a usable key"),
        ("a: 1e999", "not a usable number"),
        ("a: !!bool maybe", "'maybe' is not a usable bool"),
        ("a: !!bool ''", "'' is not a usable bool"),
        ("a: !!null nothing", "'nothing' is not a usable null"),
        ("a: " + "9" * 5000, "not a usable number"),
    ],
)
def test_what_is_not_plain_data_is_a_problem(text, message):
    assert message in only_problem(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: c", "f.yaml:2:1: a tab where a word or its indentation begins; expected spaces$"),
        ("a: {b: 1,\tc: 2}", "f.yaml:1:10: a tab where a word or its indentation begins; expected spaces$"),
        ("a: [1, 2", "f.yaml:1:9: "),
        ("a: *b", "f.yaml:1:4: found undefined alias"),
        ("", "f.yaml: is empty"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: .*single document"),
        ("a: \x00", "f.yaml:1:4: contains the control character 0x00"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(text, message):
    with pytest.raises(UserError, match=message):
        parse_yaml(text, "f.yaml")


def test_a_binary_file_is_refused(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: 1\nb\x89PNG\r\n\xff")
    with pytest.raises(UserError, match=r"x.yaml:2:2: is not text; expected a YAML file in UTF-8"):
        read_yaml(file)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "nothing.yaml")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_without_a_crash(text):
    with contextlib.suppress(UserError):
        parse_yaml(text)


def test_half_a_character_is_refused_with_its_place():
    document = parse_yaml('name: "a\\udcff"\n', "m.yaml")
    assert [str(problem) for problem in document.problems] == [
        "m.yaml:1:7: name: contains half a character (a surrogate)"
    ]


def test_a_merge_key_is_told_where_it_stands():
    document = parse_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: {'<<': 3}\n", "f.yaml")
    (problem,) = document.problems
    assert str(problem) == "f.yaml:2:5: b.<<: a merge key merges nothing in YAML 1.2; expected the keys themselves"
    assert document.value == {"a": {"x": 1}, "b": {"y": 2}, "c": {"<<": 3}}


@pytest.mark.parametrize(
    "text",
    ["available: 1 nodes (0)\nnode 0 cpus: 0 1\n", "<topology>\n", "Measuring idle latencies (in ns)...\n a: b: c"],
)
def test_an_output_of_another_tool_is_told_with_what_imports_it(tmp_path, text):
    (tmp_path / "a").write_text(text)
    with pytest.raises(UserError, match=r"expected the machine file that `simslab import \w+` makes of it"):
        read_yaml(tmp_path / "a")


def test_what_another_tool_printed_may_stand_in_a_description(tmp_path):
    (tmp_path / "a").write_text("description: |\n  available: 1 nodes (0)\n")
    assert read_yaml(tmp_path / "a").value == {"description": "available: 1 nodes (0)\n"}


@pytest.mark.parametrize("printed", ["available: 2 nodes (0-1)", "Measuring idle latencies (in ns)..."])
def test_a_mistake_in_a_file_that_holds_what_another_tool_printed_is_told_at_its_place(tmp_path, printed):
    (tmp_path / "a").write_text(f"name: mine\ndescription: |\n  {printed}\nnodes: 2\nlinks: [ {{a: 1\n")
    with pytest.raises(UserError, match=r"a:6:1: while parsing a flow mapping: expected ',' or '}'"):
        read_yaml(tmp_path / "a")


def test_text_in_utf_16_is_told_as_such(tmp_path):
    (tmp_path / "a").write_text("name: a\n", encoding="utf-16")
    with pytest.raises(
        UserError, match="a:1:1: text in UTF-16, as PowerShell writes it; expected a YAML file in UTF-8"
    ):
        read_yaml(tmp_path / "a")

import pytest

from simslab.base.documents.document import Document, Position, kind_of, path_text


def test_a_path_is_written_as_users_write_it():
    assert path_text(("nodes", 0, "memory")) == "nodes[0].memory"
    assert path_text(()) == ""


def test_a_part_that_is_not_there_is_placed_at_its_parent():
    document = Document("f.yaml", {"a": {}}, {(): Position("f.yaml", 1, 1), ("a",): Position("f.yaml", 2, 4)})
    assert document.position(("a", "b", 3)) == Position("f.yaml", 2, 4)
    assert document.position(("z",)) == Position("f.yaml", 1, 1)


def test_a_key_is_placed_before_its_value():
    value, key = Position("f.yaml", 2, 4), Position("f.yaml", 2, 1)
    document = Document("f.yaml", {"a": 1}, {("a",): value}, {("a",): key})
    assert document.position(("a",)) == value
    assert document.position(("a",), key=True) == key


def test_a_document_without_positions_names_its_file():
    problem = Document("f.yaml", None).problem("is wrong", ("a", 1))
    assert str(problem) == "f.yaml: a[1]: is wrong"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "nothing"), (True, "true or false"), (1, "a number"), ("", "text"), ([], "a list"), ({}, "a mapping")],
)
def test_values_have_names_that_yaml_users_know(value, kind):
    assert kind_of(value) == kind

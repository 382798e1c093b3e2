import json

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.store.given import Given, difference, refuse_others


def test_the_first_value_that_differs_is_told_and_how_many_more():
    before, after = json.dumps({"a": [1, 2], "b": "x"}), json.dumps({"a": [1, 3], "c": "y"})
    assert difference(before, after) == "a[1] was 2, is 3, and 2 more"
    assert difference(json.dumps({}), json.dumps({"a": "y" * 99})).endswith("y" * 40)


def test_contents_that_differ_in_no_value_are_told_as_well():
    assert difference('{"a": {"b": 1}}', '{"a.b": 1}') == "its content has changed"


def test_another_content_under_a_known_name_is_refused_and_another_name_is_not():
    known = [Given("machine", "m.yaml", '{"a": 1}')]
    refuse_others(known, [Given("machine", "n.yaml", "{}"), Given("workload", "m.yaml", "{}"), *known], "{}", "f", "e")
    with pytest.raises(UserError, match=r"f: holds another machine m\.yaml: a was 1, is 2; expected a file"):
        refuse_others(known, [Given("machine", "m.yaml", '{"a": 2}')], "holds another {}", "f", "a file")


def test_a_point_is_made_from_what_was_read_before_overrides():
    grid = make_grid(Design("one-node", "local-churn", ("scale=0.25", "core.ipc=1")))
    plain = make_grid(Design("one-node", "local-churn"))
    assert grid.given == plain.given
    assert [(each.kind, each.name) for each in grid.given] == [("machine", "one-node"), ("workload", "local-churn")]


def test_a_shipped_trace_has_its_name_without_the_folder():
    grid = make_grid(Design("one-node", "untar-rm"))
    names = [each.name for each in grid.given if each.kind == "trace"]
    assert names == ["untar-rm.txt.gz"]
    assert (shipped_folder("workloads") / names[0]).is_file()


ORDERED = """description: x
caches: {b: {size: 64}, a: {size: 128}}
threads:
- {name: t, cpus: spread 2, steps: [{pattern: alloc_free, cache: a, operations: 10, live: 2, think: {choice: CHOICE}}]}
"""


def given_of_text(tmp_path, text):
    (tmp_path / "w.yaml").write_text(text)
    return make_grid(Design("one-node", str(tmp_path / "w.yaml"))).given


@pytest.mark.parametrize(
    ("old", "new"),
    [("CHOICE", "{3: 1, 20: 1}"), ("{b: {size: 64}, a: {size: 128}}", "{a: {size: 128}, b: {size: 64}}")],
)
def test_the_order_of_what_is_made_or_drawn_in_order_is_part_of_a_content(tmp_path, old, new):
    text = ORDERED.replace("think: {choice: CHOICE}", "order: random")
    if old == "CHOICE":
        text = ORDERED.replace("cache: a", "kmalloc: {choice: {20: 1, 3: 1}}").replace(", think: {choice: CHOICE}", "")
        old = "{20: 1, 3: 1}"
    before, after = (given_of_text(tmp_path, each) for each in (text, text.replace(old, new)))
    with pytest.raises(UserError, match=r"w\.yaml: the order of its caches or .* has changed"):
        refuse_others(before, after, "holds another {}", "f", "e")


def test_the_order_of_other_keys_is_layout(tmp_path):
    text = ORDERED.replace(", think: {choice: CHOICE}", "")
    head = "description: x\n"
    before, after = (given_of_text(tmp_path, each) for each in (text, text.replace(head, "") + head))
    assert before == after

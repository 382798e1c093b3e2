import pytest

from simslab.base.errors import UserError, UserErrors
from simslab.experiment.variants import (
    Variant,
    load_arm,
    parse_variant,
    parse_variants,
    same_setting,
    set_otherwise,
    split_settings,
)


def test_a_variant_has_a_name_and_settings():
    assert parse_variant("small:a.b=1,c=2") == Variant("small", ("a.b=1", "c=2"))


def test_commas_within_brackets_braces_and_quotes_do_not_divide():
    assert split_settings("a=[1, 2],b={x: 1, y: [2,3]},c='p,q',d=4") == [
        "a=[1, 2]",
        "b={x: 1, y: [2,3]}",
        "c='p,q'",
        "d=4",
    ]


def test_a_colon_in_a_value_belongs_to_the_value():
    assert parse_variant("x:tunables.a={limit: 3}").settings == ("tunables.a={limit: 3}",)


@pytest.mark.parametrize(
    "text", ["", "small", "a=1", ":a=1", "small:", "small:a", "small:a=1,", "sm all:a=1", "../x:a=1"]
)
def test_what_is_no_variant_is_refused(text):
    with pytest.raises(UserError, match="--variant"):
        parse_variant(text)


def test_a_variant_that_sets_a_path_twice_is_refused():
    with pytest.raises(UserError, match=r"--variant a: sets 'core.ipc' twice"):
        parse_variant("a:core.ipc=3,scale=1,core.ipc=2")
    with pytest.raises(UserError, match=r"--variant a: sets 'workload.scale' twice, once as 'scale'"):
        parse_variant("a:workload.scale=3,core.ipc=2,scale=1")


@pytest.mark.parametrize(
    ("path", "other", "same"),
    [
        ("scale", "scale", True),
        ("workload.scale", "scale", True),
        ("core.ipc", "machine.core.ipc", True),
        ("machine.kernel.atomic", "workload.kernel.atomic", False),
        ("workload.scale", "workload.seed", False),
        ("machine", "workload", False),
        ("machine.core", "core.ipc", False),
    ],
)
def test_one_setting_may_be_spelled_with_and_without_its_document(path, other, same):
    assert same_setting(path, other) is same_setting(other, path) is same


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UserErrors) as caught:
        parse_variants(["a", "b:x=1", "b:x=2", "base:x=1"])
    assert len(caught.value.problems) == 3


def test_an_unknown_key_names_the_variant_and_the_near_miss():
    with pytest.raises(UserErrors) as caught:
        load_arm("one-node", "mixed-remote", (), Variant("small", ("scal=0.1",)))
    problem = caught.value.problems[0]
    assert (problem.file, problem.near) == ("--variant small: scal=0.1", "scale")


def test_a_bad_value_names_the_variant():
    with pytest.raises(UserErrors, match="--variant small: scale=-1"):
        load_arm("one-node", "mixed-remote", (), Variant("small", ("scale=-1",)))


def test_settings_of_a_variant_come_after_the_common_ones():
    inputs = load_arm("one-node", "mixed-remote", ("scale=0.1",), Variant("more", ("scale=0.3",)))
    assert float(inputs.workload.scale) == 0.3


ALL = "tunables.mixed={limit: 60, batchcount: 30, shared: 8}"


@pytest.mark.parametrize("settings", [("tunables.mixed.limit=30", ALL), (ALL, "tunables.mixed.limit=30")])
def test_a_variant_that_changes_what_it_sets_itself_is_refused(settings):
    with pytest.raises(UserError, match=r"--variant a: tunables.mixed.*: what it sets is set again by 'tunables.mixed"):
        load_arm("one-node", "mixed-remote", (), Variant("a", settings))


def test_common_settings_of_which_one_replaces_another_are_refused():
    with pytest.raises(UserError, match="--set scale=1: what it sets is set again by 'scale'"):
        load_arm("one-node", "mixed-remote", ("scale=1", "workload.scale=2"), Variant("a", ()))


def test_what_a_variant_sets_in_place_of_the_common_settings_is_told():
    common, variant = ("scale=0.1", "tunables.mixed.limit=30"), Variant("a", (ALL,))
    inputs = load_arm("one-node", "mixed-remote", common, variant)
    told = "Arm a sets tunables.mixed itself, which stands before the common tunables.mixed.limit=30."
    assert set_otherwise(variant, inputs, common) == [told]

import pytest

from simslab.base.errors import UserError
from simslab.experiment.figures.selection import SITES_TOLD, Selection, at, call_site, operations, plain


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("", Selection()),
        ("alloc", Selection("alloc")),
        ("alloc/hit", Selection("alloc", "hit")),
        ("/hit", Selection("", "hit")),
        ("free@mixed", Selection("free", "", "mixed")),
        ("free/alien@kmalloc-64", Selection("free", "alien", "kmalloc-64")),
        ("@mixed", Selection("", "", "mixed")),
    ],
)
def test_each_part_of_operation_path_and_cache_may_be_left_out(text, selection):
    assert operations(text) == selection


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("aloc", "'aloc': there is no operation 'aloc'; expected .*; did you mean 'alloc'?"),
        ("alloc/hitt@a", "'alloc/hitt@a': there is no path 'hitt'; expected .*; did you mean 'hit'?"),
        ("alloc/", "there is no path ''"),
    ],
)
def test_what_no_run_has_is_refused_with_the_near_miss(text, told):
    with pytest.raises(UserError, match=told):
        operations(text)


def test_an_unknown_call_site_is_told_with_the_near_miss_and_where_all_are_rather_than_with_all():
    with pytest.raises(UserError) as caught:
        call_site("rmqueu")
    assert (
        str(caught.value) == f"'rmqueu': there is no call site 'rmqueu'; expected {SITES_TOLD}; did you mean 'rmqueue'?"
    )


def test_names_that_only_a_run_knows_are_taken_as_they_are():
    assert plain("a@b/c") == Selection("a@b/c")


def test_a_name_with_its_place_is_read_and_another_refused():
    read = at(("list_lock", "zone.lock"), "lock class")
    assert (read("list_lock@mixed"), read("@mixed")) == (
        Selection("list_lock", "", "mixed"),
        Selection("", "", "mixed"),
    )
    with pytest.raises(UserError, match=r"there is no lock class 'zone'; expected list_lock, zone\.lock"):
        read("zone@mixed")

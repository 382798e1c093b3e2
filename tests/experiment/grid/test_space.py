import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.knobs import Knobs
from simslab.experiment.grid.space import Space, Span
from simslab.workload.description.tunables import Tunables

FILES, NAMES = Knobs("slab", "filp", (120, 60, 8)), Knobs("slab", "dentry", (54, 27, 8))
ONE, TWO = Space(("files",), (FILES,)), Space(("files", "dentry"), (FILES, NAMES))


def test_numbers_of_several_caches_are_named_by_cache_and_tunable():
    assert ONE.names == ("limit", "batchcount", "shared")
    assert TWO.names[2:4] == ("files.shared", "dentry.limit")
    assert TWO.own == (120, 60, 8, 54, 27, 8)
    assert TWO.apart(TWO.own) == [(120, 60, 8), (54, 27, 8)]


def test_factors_are_of_each_caches_own_and_combined():
    rows = TWO.rows({"limit": ["x0.5"]})
    assert rows == [
        (120, 60, 8, 54, 27, 8), (120, 60, 8, 27, 27, 8), (60, 60, 8, 54, 27, 8), (60, 60, 8, 27, 27, 8)
    ]  # fmt: skip


def test_a_point_sets_and_applies_the_numbers_of_every_cache():
    numbers = (60, 30, 8, 27, 27, 0)
    assert TWO.point(numbers)["tunables.files.limit"] == "60"
    assert TWO.point(numbers)["tunables.dentry.shared"] == "0"
    assert TWO.lines(numbers).splitlines() == [
        'echo "filp 60 30 8" > /proc/slabinfo',
        'echo "dentry 27 27 0" > /proc/slabinfo',
    ]


def test_names_that_the_kernel_merged_are_told():
    assert TWO.aliases == ["files is an alias of filp: the kernel merged them."]


@pytest.mark.parametrize("called", [("a", "b"), ("a", "a")])
def test_two_names_of_one_cache_are_refused(called):
    with pytest.raises(UserError, match=f"{called[0]} and {called[1]} are one cache, filp"):
        Space(called, (FILES, FILES))


def test_proposals_have_lists_or_ranges_to_choose_from():
    assert ONE.choices({"limit": ["8:x2"], "shared": ["0", "8"]}) == [Span(8, 240), (60,), (0, 8)]


def test_where_nothing_is_asked_for_every_proposal_is_one_that_a_workload_may_ask_for():
    for own in (FILES, Knobs("slub", "c", (13, 5, 100, 1))):
        for name, choice in zip(own.names, Space(("c",), (own,)).usual_choices(), strict=True):
            for value in (choice.low, choice.high) if isinstance(choice, Span) else choice:
                if name != "order":
                    Tunables.model_validate({name: value})


def test_factors_of_nothing_are_nothing_and_no_mistake_of_the_users():
    assert Space(("c",), (Knobs("slab", "c", (8, 4, 0)),)).usual_choices() == [Span(2, 32), Span(1, 16), (0,)]


def test_what_is_proposed_fits_the_kernel():
    assert TWO.fitting((30, 60, 8, 54, 27, 8)) == (30, 30, 8, 54, 27, 8)
    slub = Space(("c",), (Knobs("slub", "c", (13, 5, 100, 1)),))
    assert slub.fitting((1, 5, 100, 1)) == (1, 5, 100, 1)


def test_ranges_that_are_none_are_refused():
    for text, told in (("9:8", "'9:8' is no range"), ("8:", "'' is no limit"), ("a:9", "'a' is no limit")):
        with pytest.raises(UserError, match=told):
            ONE.choices({"limit": [text]})
    with pytest.raises(UserError, match=r"'8:9' is no limit; .* or a range with --trials"):
        ONE.rows({"limit": ["8:9"]})


def test_more_combinations_than_anybody_waits_for_are_refused():
    with pytest.raises(UserError, match="tunings; expected at most 10000, or --trials"):
        TWO.rows({"limit": [str(limit) for limit in range(60, 200)]})


def test_the_order_of_slabs_is_that_of_all_caches():
    slub = [Knobs("slub", name, (13, 5, 100, 1)) for name in ("a", "b")]
    with pytest.raises(UserError, match="boot parameters set it for all caches"):
        Space(("a", "b"), tuple(slub)).rows({"order": ["2"]})


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (TWO.own, ""),
        ((16, 16, 8, 54, 27, 8), "--limit 16,54 --batchcount 16,27"),
        ((240, 60, 0, 54, 27, 0), "--limit 240,54 --shared 0"),
    ],
)
def test_the_options_of_a_choice_make_a_grid_that_holds_it(numbers, told):
    words = TWO.options(numbers).split()
    assert " ".join(words) == told
    grid = {name.removeprefix("--"): values.split(",") for name, values in zip(words[::2], words[1::2], strict=True)}
    assert numbers in TWO.rows(grid)

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.axes import Axis, combinations, make_axis, parse_axis, parse_point


def test_an_axis_has_a_path_and_values():
    assert parse_axis("tunables.mixed.limit=30, 60,120") == Axis("tunables.mixed.limit", ("30", "60", "120"))


def test_commas_within_braces_belong_to_a_value():
    axis = parse_axis("tunables.mixed={limit: 3, batchcount: 1},{limit: 9, batchcount: 4}")
    assert axis.values == ("{limit: 3, batchcount: 1}", "{limit: 9, batchcount: 4}")


def test_values_from_python_are_written_as_one_types_them():
    assert make_axis("a", [30, 1.5, True, "x2", {"limit": 3}]).values == ("30", "1.5", "true", "x2", '{"limit": 3}')


@pytest.mark.parametrize(
    "text", ["", "limit", "=3", "limit=", "limit=3,,4", "limit=3,3", "seed=1,2", "workload.seed=1,2"]
)
def test_what_is_no_axis_is_refused(text):
    with pytest.raises(UserError, match="--axis"):
        parse_axis(text)


def test_axes_make_a_product_in_order():
    rows = combinations([Axis("a", ("1", "2")), Axis("b", ("x", "y"))])
    assert rows == [{"a": "1", "b": "x"}, {"a": "1", "b": "y"}, {"a": "2", "b": "x"}, {"a": "2", "b": "y"}]


def test_listed_points_are_multiplied_by_axes_and_not_among_themselves():
    points = [parse_point("limit=30,batchcount=15"), parse_point("limit=60,batchcount=30")]
    rows = combinations([Axis("m", ("A", "B"))], points)
    assert len(rows) == 4
    assert {(row["limit"], row["batchcount"]) for row in rows} == {("30", "15"), ("60", "30")}


def test_no_axes_make_one_point():
    assert combinations([]) == [{}]


def test_an_axis_twice_or_in_a_point_is_refused():
    with pytest.raises(UserError, match="is there twice"):
        combinations([Axis("a", ("1",)), Axis("a", ("2",))])
    with pytest.raises(UserError, match="is an axis and in a point"):
        combinations([Axis("a", ("1",))], [{"a": "2"}])
    with pytest.raises(UserError, match=r"--axis scale: is there twice, once as 'workload\.scale'"):
        combinations([Axis("workload.scale", ("1",)), Axis("scale", ("2",))])
    with pytest.raises(UserError, match=r"'workload\.scale' is an axis and in a point"):
        combinations([Axis("scale", ("1",))], [{"workload.scale": "2"}])


def test_an_axis_within_another_is_refused():
    whole = Axis("core", ("{ipc: 1}", "{ipc: 2}"))
    with pytest.raises(UserError, match=r"--axis core.ipc: 'core.ipc' is within 'core', which varies as well"):
        combinations([whole, Axis("core.ipc", ("1", "2"))])
    with pytest.raises(UserError, match=r"--point machine.core.ipc: 'machine.core.ipc' is within 'core'"):
        combinations([whole], [{"machine.core.ipc": "2"}])


def test_a_point_that_sets_a_path_twice_is_refused():
    with pytest.raises(UserError, match="--point: sets 'scale' twice; expected each path once"):
        parse_point("scale=1,scale=2")
    with pytest.raises(UserError, match=r"--point: sets 'scale' twice, once as 'workload\.scale'"):
        combinations([], [{"scale": "1", "workload.scale": "2"}])


@pytest.mark.parametrize("text", ["", "a", "a=", "a=1,b"])
def test_what_is_no_point_is_refused(text):
    with pytest.raises(UserError, match="--point"):
        parse_point(text)


@pytest.mark.parametrize("path", ["seed", "workload.seed"])
def test_seeds_are_no_axis_in_a_point_either(path):
    told = f"{path}: seeds are no axis and no setting.*expected --seeds N and --seed FIRST"
    with pytest.raises(UserError, match=f"--point {told}"):
        parse_point(f"core.ipc=3,{path}=5")
    with pytest.raises(UserError, match=f"--point {told}"):
        combinations([], [{path: "5"}])


def test_a_mistake_in_a_point_is_told_of_the_option_that_gives_it():
    with pytest.raises(UserError, match="--base: 'foo' is no point"):
        parse_point("foo", "--base")


def test_a_file_whose_name_has_a_comma_is_given_in_quotes():
    assert parse_axis("workload='a,b.yaml', larson").values == ("a,b.yaml", "larson")
    assert parse_point('machine="a,b.yaml",core.ipc=2') == {"machine": "a,b.yaml", "core.ipc": "2"}
    assert parse_axis("threads[0].cpus='0,2',first 1").values == ("'0,2'", "first 1")  # YAML reads the quotes

"""Every path code has a name of its own."""

from simslab.slub import paths

CODES = {name.lower(): value for name, value in vars(paths).items() if isinstance(value, int)}


def test_the_name_of_a_code_is_that_of_its_constant():
    assert {name: paths.PATH_NAMES[code] for name, code in CODES.items() if name != "no_path"} == {
        name: name for name in CODES if name != "no_path"
    }
    assert paths.PATH_NAMES[paths.NO_PATH] == "none"


def test_codes_count_up_without_a_gap():
    assert sorted(CODES.values()) == list(range(len(paths.PATH_NAMES)))

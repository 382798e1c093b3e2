from simslab.slab import paths


def test_every_path_has_a_name_of_its_own():
    assert len(set(paths.PATH_NAMES)) == len(paths.PATH_NAMES) == paths.NR_PATHS


def test_names_stand_at_their_codes():
    codes = {name.lower(): code for name, code in vars(paths).items() if name.isupper() and isinstance(code, int)}
    assert {codes[name]: name for name in paths.PATH_NAMES[1:]} == dict(list(enumerate(paths.PATH_NAMES))[1:])

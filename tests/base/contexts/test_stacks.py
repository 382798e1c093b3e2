import re
from pathlib import Path

from simslab.base.contexts import stacks


def test_plain_python_has_no_stacks():
    assert stacks.made_for(lambda: None) == stacks.here() == stacks.switch(0, 0) == 0
    assert stacks.ended(0) == stacks.unwind(0) == 0
    assert stacks.ends_at(0, 0) is stacks.free(0) is None


def test_the_header_has_the_functions_of_the_module():
    header = Path(stacks.__file__).with_suffix(".pxd").read_text(encoding="utf-8")
    declared = re.findall(r'^    (?:long long|int|void) (\w+) "simslab_stack_', header, re.MULTILINE)
    assert sorted(declared) == sorted(
        name for name, value in vars(stacks).items() if getattr(value, "__module__", "") == stacks.__name__
    )

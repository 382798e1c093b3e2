"""Codes and errors of recorded operations."""

import pytest

from simslab.base.errors import UserError
from simslab.conform.operations import GFP_CODES, gfp_of, raise_if_interrupt
from simslab.conform.records import Record
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp


def test_a_code_stands_for_its_flags():
    assert gfp_of(Record({"gfp": "KT"}, "t", 1)) == gfp.GFP_KERNEL | gfp.THISNODE


@pytest.mark.parametrize("code", ["X", 3, None])
def test_an_unknown_code_is_refused_with_those_there_are(code):
    with pytest.raises(UserError) as refused:
        gfp_of(Record({"gfp": code}, "t", 1))
    assert all(known in str(refused.value) for known in GFP_CODES)


def test_errors_of_the_checker_pass_and_those_of_the_kernel_do_not():
    raise_if_interrupt(KernelBugError("broken"))
    with pytest.raises(TypeError):
        raise_if_interrupt(TypeError("a mistake of ours"))

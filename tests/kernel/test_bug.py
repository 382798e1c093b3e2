import pytest

from simslab.base.errors import SimslabError, UserError
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel


def test_a_broken_contract_is_no_mistake_of_the_user() -> None:
    assert issubclass(KernelBugError, SimslabError)
    assert not issubclass(KernelBugError, UserError)


def test_a_contract_of_the_kernel_is_checked(kernel: Kernel) -> None:
    with pytest.raises(KernelBugError, match="belongs to no zone"):
        kernel.page_allocator.zone_of(0)

import pytest
from pydantic import ValidationError

from simslab.machine.description.coherence import CoherenceSpec


def test_a_home_knows_the_holders_unless_told():
    spec = CoherenceSpec.model_validate({"directory": "8 ns", "snoop": "30 ns"})
    assert (spec.protocol, spec.home, spec.filter, spec.memory_bits) == ("MESIF", "directory", "l3", False)
    assert spec.memory_ahead.cycles(10**9) == 0


@pytest.mark.parametrize("other", [{"protocol": "MSI"}, {"home": "nobody"}, {"filter": "die"}])
def test_a_protocol_that_is_not_modelled_is_refused(other):
    with pytest.raises(ValidationError):
        CoherenceSpec.model_validate({"directory": "8 ns", "snoop": "30 ns"} | other)

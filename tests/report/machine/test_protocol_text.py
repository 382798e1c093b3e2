import pytest

from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES
from simslab.report.machine.protocol_text import protocol_text


@pytest.mark.parametrize("name", DOMAIN_TABLES)
def test_every_transition_has_a_line_in_its_columns(name):
    told = protocol_text(name).splitlines()
    assert told[0].startswith(f"{name}: ")
    for row in (*DOMAIN_TABLES[name], *CORE_TABLE):
        head = f"{row.state:<7}{row.event:<14}{row.others:<8}{row.next:<6}{row.data:<22}"
        assert any(line.startswith(head.rstrip()) and line.endswith(row.says) for line in told)


def test_lines_of_one_state_stand_together():
    states = [line.split()[0] for line in protocol_text("MESIF").partition("\n\n")[0].splitlines()[2:]]
    changes = [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state]
    assert len(changes) == len(set(states))

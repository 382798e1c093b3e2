import json

from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.store import Store


def test_a_dump_tells_what_was_measured_without_the_hosts_times(swept):
    with Store.open(swept) as store:
        lines = [json.loads(line) for line in dump_lines(store)]
    cells = [line for line in lines if "seed" in line]
    assert len(cells) == 4
    assert len({cell["measured"] for cell in cells}) == 4
    assert not any("seconds" in cell for cell in cells)
    assert lines[0]["store"]["format"] == "simslab-store"

import simslab
from simslab.base.build import code_digest
from simslab.experiment.store.contents import contents_text
from simslab.experiment.store.store import Store


def test_contents_tell_parameters_values_seeds_and_metrics(swept):
    with Store.open(swept) as store:
        text = contents_text(store)
    assert text.startswith(f"4 cells, 4 runs, made by simslab {simslab.__version__} (code {code_digest()})\n")
    assert "  tunables.churn.limit: 8, 64\n" in text
    assert "  seeds: 1-2\n" in text
    assert "latency.mean (ns)" in text

"""What a shell completes: names of what ships, metrics, terms, views; asked as a shell asks."""

import os
import subprocess
import sys

import pytest

from simslab.cli.terminal import completion

ASK = "import sys; sys.argv = ['simslab']; from simslab.cli.main import app; app(prog_name='simslab')"


def completed(words, number):
    asked = {"_SIMSLAB_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    run = subprocess.run([sys.executable, "-c", ASK], env=os.environ | asked, capture_output=True, text=True)
    return run.stdout.split()


@pytest.mark.parametrize(
    ("words", "number", "wanted"),
    [
        ("simslab swe", 1, ["sweep"]),
        ("simslab run two", 2, ["two-socket"]),
        ("simslab run two-socket mixed", 3, ["mixed-remote"]),
        ("simslab sweep tuning", 2, ["tuning-bursts", "tuning-trace"]),
        ("simslab show base --view slab", 4, ["slabinfo", "slabtop"]),
    ],
)
def test_a_shell_is_told_what_a_word_may_become(words, number, wanted):
    assert completed(words, number) == wanted


def test_a_list_of_metrics_is_completed_at_its_end():
    assert completion.metric_names("latency.p50,throu") == ["latency.p50,throughput"]
    assert "latency.p99" in completion.metric_names("lat")


def test_terms_and_names_are_those_that_there_are():
    assert completion.glossary_terms("irq_m") == ["irq_mask"]
    assert completion.machines("four") == ["four-socket"]
    assert completion.workloads("untar") == ["untar-rm"]
    assert completion.things_to_sweep("topo") == ["topology"]
    assert completion.views("perfe") == ["perfetto"]

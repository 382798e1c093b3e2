"""What a shell completes beside commands and options: names of what ships, metrics, terms, views."""

from __future__ import annotations

from collections.abc import Iterable


def machines(incomplete: str) -> list[str]:
    """Return the shipped machines that a word may become."""
    return _shipped("machines", incomplete)


def workloads(incomplete: str) -> list[str]:
    """Return the shipped workloads that a word may become."""
    return _shipped("workloads", incomplete)


def things_to_sweep(incomplete: str) -> list[str]:
    """Return the shipped experiments, machines and workloads that a word may become."""
    return [name for kind in ("experiments", "machines", "workloads") for name in _shipped(kind, incomplete)]


def metric_names(incomplete: str) -> list[str]:
    """Return the metrics that the last part of a list may become."""
    from simslab.experiment.figures.metrics import families

    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in _beginning(last, (family.name for family in families()))]


def glossary_terms(incomplete: str) -> list[str]:
    """Return the terms of the glossary that a word may become."""
    from simslab.report.glossary import GLOSSARY

    return _beginning(incomplete, dict.fromkeys(term.name for term in GLOSSARY))


def views(incomplete: str) -> list[str]:
    """Return the views that a word may become."""
    from simslab.report.views.all_views import AGAIN, VIEWS

    return _beginning(incomplete, [*VIEWS, *AGAIN])


def _shipped(kind: str, incomplete: str) -> list[str]:
    from simslab.base.shipped import shipped_names

    return _beginning(incomplete, shipped_names(kind))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]

"""How to cite simslab: CITATION.cff (format 1.2.0), which GitHub, Zenodo and Zotero read."""

from __future__ import annotations

from simslab import __version__


def citation_text() -> str:
    """Return CITATION.cff of this version."""
    return f"""\
cff-version: 1.2.0
message: If you use simslab in research, please cite it as below.
title: "simslab: the slab allocators of Linux 5.10 on a simulated NUMA machine"
type: software
authors:
  - name: The simslab authors
version: {__version__}
license: GPL-2.0-only
"""

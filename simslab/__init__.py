"""The Linux 5.10 SLAB allocator as simulated kernel code on a cycle-approximate NUMA machine.

Importing the package does nothing but choose the build: with `SIMSLAB_PURE=1` in the environment the compiled modules
are passed over in favour of the Python sources beside them.
"""

import os as _os

__version__ = "0.1.0"


def _prefer_sources() -> None:
    import sys

    from simslab.base.pure import SourceFinder

    sys.meta_path.insert(0, SourceFinder("simslab"))


if _os.environ.get("SIMSLAB_PURE") == "1":
    _prefer_sources()

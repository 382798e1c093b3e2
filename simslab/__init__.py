"""The Linux 5.10 SLAB allocator as simulated kernel code on a cycle-approximate NUMA machine.

Importing the package does nothing but choose the build: with `SIMSLAB_PURE=1` in the environment the compiled modules
are passed over in favour of the Python sources beside them. The names below are loaded when they are first used.

    import simslab

    result = simslab.run("two-socket", "mixed-remote", overrides={"links.upi.latency": "60 ns"})
    print(result.metric("latency.p99"), result.metric("lock.wait:alien_lock"))
"""

import os as _os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.api.columns import Columns
    from simslab.api.comparing import Comparison, compare
    from simslab.api.inputs import load, load_machine, load_workload, to_yaml, write_yaml
    from simslab.api.result import Result
    from simslab.api.running import measure, run
    from simslab.api.sweeping import Sweep, open_store, sweep
    from simslab.base.errors import SimslabError, UserError
    from simslab.experiment.inputs import Inputs
    from simslab.machine.spec import MachineSpec
    from simslab.workload.description.spec import Workload

__version__ = "0.1.0"

_HOMES = {
    "Columns": "simslab.api.columns",
    "Comparison": "simslab.api.comparing",
    "Inputs": "simslab.experiment.inputs",
    "MachineSpec": "simslab.machine.spec",
    "Result": "simslab.api.result",
    "SimslabError": "simslab.base.errors",
    "Sweep": "simslab.api.sweeping",
    "UserError": "simslab.base.errors",
    "Workload": "simslab.workload.description.spec",
    "compare": "simslab.api.comparing",
    "load": "simslab.api.inputs",
    "load_machine": "simslab.api.inputs",
    "load_workload": "simslab.api.inputs",
    "measure": "simslab.api.running",
    "open_store": "simslab.api.sweeping",
    "run": "simslab.api.running",
    "sweep": "simslab.api.sweeping",
    "to_yaml": "simslab.api.inputs",
    "write_yaml": "simslab.api.inputs",
}

__all__ = [
    "Columns",
    "Comparison",
    "Inputs",
    "MachineSpec",
    "Result",
    "SimslabError",
    "Sweep",
    "UserError",
    "Workload",
    "compare",
    "load",
    "load_machine",
    "load_workload",
    "measure",
    "open_store",
    "run",
    "sweep",
    "to_yaml",
    "write_yaml",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'simslab' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _prefer_sources() -> None:
    import sys

    from simslab.base.pure import SourceFinder

    sys.meta_path.insert(0, SourceFinder("simslab"))


if _os.environ.get("SIMSLAB_PURE") == "1":
    _prefer_sources()

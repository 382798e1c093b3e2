"""Files that ship with simslab and are found by name: `machines`, `workloads` and `experiments`.

Installed they lie in `simslab/data/<kind>`; in a source tree in `<kind>` beside the package.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError, near_miss

SUFFIX: Final = ".yaml"
KINDS: Final = ("machines", "workloads", "experiments")
_PACKAGE: Final = Path(__file__).resolve().parent.parent


def shipped_folder(kind: str) -> Path:
    """Return the folder of shipped files of `kind` (one of KINDS)."""
    installed = _PACKAGE / "data" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def shipped_names(kind: str) -> list[str]:
    """Return the names of the shipped files of `kind`, sorted."""
    return sorted(path.stem for path in shipped_folder(kind).glob(f"*{SUFFIX}"))


def find_shipped(kind: str, name: str) -> Path:
    """Return the file that `name` means: a path (with a slash or suffix), a shipped name, or a file; UserError."""
    looks_like_path = "/" in name or "\\" in name or Path(name).suffix in (SUFFIX, ".yml")
    if looks_like_path:
        return Path(name)
    names = shipped_names(kind)
    if name in names:
        return shipped_folder(kind) / f"{name}{SUFFIX}"
    if os.path.exists(name) and not os.path.isdir(name):
        return Path(name)
    one = kind.removesuffix("s")
    other = next((known for known in KINDS if known != kind and name in shipped_names(known)), "")
    if other:
        an = "an" if other.startswith("e") else "a"
        swapped = f"'{name}' is {an} {other.removesuffix('s')}, not a {one}"
        raise UserError(
            swapped,
            expected=f"`simslab sweep {name}`"
            if other == "experiments"
            else "MACHINE WORKLOAD; did you mean the other way round?",
        )
    expected = f"a file, or one of {', '.join(names)}"
    raise UserError(f"there is no {one} '{name}'", expected=expected, near=near_name(name, names))


def near_name(name: str, names: Iterable[str]) -> str:
    """Return what a name of an input was probably meant to be, or an empty string."""
    return "/dev/stdin" if name == "-" else near_miss(name, names)

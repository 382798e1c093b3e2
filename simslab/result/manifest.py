"""`manifest.json`: what a result was made from, enough to make it again.

Everything but `host` follows from the inputs and the code, and is the same on every machine; `host` holds the facts
that differ.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

from simslab import __version__
from simslab.base.build import code_digest
from simslab.base.documents.document import Override, Plain
from simslab.base.documents.input import writable
from simslab.base.errors import UserError

FORMAT: Final = "simslab-manifest"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_DEPENDENCIES: Final = ("simpy", "greenlet", "numpy", "pyyaml", "pydantic", "rich", "matplotlib", "scipy")


@dataclass(frozen=True)
class ChangedValue:
    """One overridden value: where, what, what it replaced, and which option of the command line did it."""

    path: str
    value: Plain
    previous: Plain
    origin: str


@dataclass(frozen=True)
class Configuration:
    """A machine or workload as it was run: every value after defaults and overrides."""

    name: str
    resolved: Mapping[str, Any]
    overrides: tuple[ChangedValue, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a result directory was made from; `kind` is `run` or `comparison`."""

    kind: str
    machine: Configuration
    workload: Configuration
    inputs: Mapping[str, str]  # name of each file read -> sha256 of its bytes
    seeds: tuple[int, ...]
    host: Mapping[str, Any] = field(default_factory=dict)
    arms: Mapping[str, tuple[ChangedValue, ...]] = field(default_factory=dict)  # of a comparison
    merged: Mapping[str, str] = field(default_factory=dict)  # cache of the workload -> the one that it was merged into


def changed_values(overrides: Iterable[Override], option: str = "--set") -> tuple[ChangedValue, ...]:
    """Return a document's overrides as the manifest lists them; `option` is what brought them in."""
    return tuple(ChangedValue(each.path, each.value, each.previous, f"{option} {each.text}") for each in overrides)


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes; UserError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", file=str(path)) from None


def input_hashes(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return name -> SHA-256 of each file as it is now, as `named_hashes` does."""
    return named_hashes({str(path): sha256(path) for path in paths})


def named_hashes(files: Mapping[str, str]) -> dict[str, str]:
    """Return name -> SHA-256 of files given by path, in order of name; directories are left out: they differ by host.

    Files of one name in several directories are told apart by a number behind it.
    """
    hashes: dict[str, str] = {}
    for path, digest in files.items():
        name = Path(path).name
        numbered = (f"{name} ({number})" for number in count(2))
        hashes[next(free for free in chain([name], numbered) if free not in hashes)] = digest
    return dict(sorted(hashes.items()))


def host_facts(build: str) -> dict[str, Any]:
    """Return what differs between hosts; `build` is `compiled` or `plain`."""
    return {
        "build": build,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "processor": platform.machine(),
        "packages": {name: _version(name) for name in _DEPENDENCIES},
        "command": [writable(word) for word in (Path(sys.argv[0]).name, *sys.argv[1:])],
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def code_note(made_by: Mapping[str, str | None]) -> str:
    """Return in a line that results (name -> hash of the code that made it, None if not known) are of different code.

    Empty where those that are known are the same.
    """
    known = {name: code for name, code in made_by.items() if code}
    if len(set(known.values())) < 2:
        return ""
    return f"made by different code of simslab: {', '.join(f'{name} by {code}' for name, code in known.items())}"


def manifest_document(manifest: Manifest, files: Iterable[str]) -> dict[str, Any]:
    """Return the content of `manifest.json`; `files` are the other names in the result directory."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "kind": manifest.kind,
        "simslab_version": __version__,
        "simslab_code": code_digest(),
        "machine": _configuration(manifest.machine),
        "workload": _configuration(manifest.workload),
        "inputs": dict(manifest.inputs),
        "seeds": list(manifest.seeds),
    }
    if manifest.arms:
        document["arms"] = {name: [asdict(value) for value in values] for name, values in manifest.arms.items()}
    if manifest.merged:
        document["merged_caches"] = dict(manifest.merged)
    return document | {"files": sorted(files), "host": dict(manifest.host)}


def _configuration(configuration: Configuration) -> dict[str, Any]:
    return {
        "name": configuration.name,
        "overrides": [asdict(value) for value in configuration.overrides],
        "resolved": dict(configuration.resolved),
    }

"""Trees written as YAML and read again in a sixth of the time: by libyaml, where PyYAML has it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import yaml

from simslab.base.documents import yamlfile


def dumped(tree: Any) -> str:
    """Return a tree as YAML."""

    def dump(dumper: Any) -> str:
        return yaml.dump(tree, Dumper=dumper, allow_unicode=False, default_flow_style=None, width=200)

    try:
        return dump(getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    except UnicodeError:  # libyaml takes no halves of a pair
        return dump(yaml.SafeDumper)


class FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The package's loader with libyaml's scanner."""

    yaml_implicit_resolvers = yamlfile._Loader.yaml_implicit_resolvers


def quick_scanner() -> AbstractContextManager[Any]:
    """Read texts that a program wrote faster; PyYAML's own scanner is tried with texts that people edit."""
    return mock.patch.object(yamlfile, "_Loader", FastLoader)


def parsed(text: str, file: str) -> Any:
    """Return the document of a text that a program wrote."""
    with quick_scanner():
        return yamlfile.parse_yaml(text, file)

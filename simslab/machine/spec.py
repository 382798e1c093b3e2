"""The machine file with the check of its whole: what everything else takes as a machine."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from simslab.machine.description.whole import MachineDescription
from simslab.machine.validation.whole import refuse_faults


class MachineSpec(MachineDescription):
    """A machine file."""

    @model_validator(mode="after")
    def check_whole(self) -> Self:
        """Refuse impossible machines; every fault names its place in the document."""
        refuse_faults(self)
        return self


def machine_schema() -> dict[str, Any]:
    """Return the JSON Schema of machine files."""
    return MachineSpec.model_json_schema()

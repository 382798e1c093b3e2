"""What a conformance check returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """Checks made on one file; `difference` is the first difference in words, empty when there is none."""

    file: str
    kind: str
    checks: int = 0  # fields compared
    rows: int = 0  # rows or operations compared
    difference: str = ""
    skipped: str = ""  # why nothing was compared
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything compared was equal."""
        return not self.difference

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.file}: skipped: {self.skipped}"
        if self.difference:
            return f"{self.file}: DIFFERENCE after {self.checks} checks: {self.difference}"
        told = f" ({'; '.join(self.notes)})" if self.notes else ""
        return f"{self.file}: ok {self.checks} checks{told}"

    def compare(self, where: str, field_name: str, expected: object, got: object) -> bool:
        """Count one comparison; on the first difference say where, which field, what was expected and found."""
        self.checks += 1
        if expected != got and not self.difference:
            self.difference = f"{where}: {field_name}: expected {expected}, got {got}"
        return expected == got

    def compare_row(self, where: str, expected: Mapping[str, str], got: Mapping[str, object]) -> bool:
        """Compare every column of `got` with the recorded row; stop at the first difference."""
        self.rows += 1
        return all(self.compare(where, name, expected[name], str(value)) for name, value in got.items())


def totals(verdicts: Sequence[Verdict]) -> str:
    """Return one line that sums up the checks of several files."""
    compared = [verdict for verdict in verdicts if not verdict.skipped]
    differing = sum(not verdict.ok for verdict in compared)
    return (
        f"{len(compared)} files, {sum(verdict.rows for verdict in compared):,} operations and rows, "
        f"{sum(verdict.checks for verdict in compared):,} fields compared: "
        f"{differing or 'no'} difference{'' if differing == 1 else 's'}"
        f"; {len(verdicts) - len(compared)} files skipped"
    )

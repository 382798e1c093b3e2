"""Small edits of Python source that change what it does: found in the syntax tree, made in the text.

An edit in the text keeps comments and layout, so that the diff of a survivor shows what the edit did and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "+"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "|"),
}
BOOLEAN: Final[dict[type[ast.boolop], tuple[str, str]]] = {ast.And: ("and", "or"), ast.Or: ("or", "and")}


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a file become `text`; `kind` is what was done, `line` where (from 1)."""

    path: Path
    kind: str
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """Return the source with the edit made."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def edits_of(path: Path) -> list[Edit]:
    """Return every edit of a source file, in the order of its text."""
    finder = _Finder(path)
    tree = ast.parse(finder.source)
    return sorted(finder.below(tree), key=lambda edit: (edit.start, edit.end, edit.text))


class _Finder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_bytes()
        self.lines = [0]  # offset at which each line begins
        for line in self.source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def below(self, node: ast.AST) -> Iterator[Edit]:
        """Yield the edits of `node` and all below it; not those of types, which nothing evaluates."""
        yield from self._own(node)
        for child in _evaluated(node):
            yield from self.below(child)

    def _own(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for left, right, operator in zip(operands, operands[1:], node.ops, strict=False):
                    yield from self._between("comparison", left, right, COMPARISONS.get(type(operator)))
            case ast.BinOp():
                yield from self._between("arithmetic", node.left, node.right, ARITHMETIC.get(type(node.op)))
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between("boolean", left, right, BOOLEAN[type(node.op)])
            case ast.AugAssign() if type(node.op) in ARITHMETIC:
                old, new = ARITHMETIC[type(node.op)]
                yield from self._between("arithmetic", node.target, node.value, (old + "=", new + "="))
            case ast.If() | ast.While() | ast.IfExp():
                yield self._replace("condition", node.test, f"not ({self._text(node.test)})")
            case ast.Constant(value=value) if type(value) is bool:
                yield self._replace("constant", node, str(not value))
            case ast.Constant(value=value) if type(value) is int:
                yield from (self._replace("constant", node, f"({value + step})") for step in (1, -1))
        if isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield self._replace("removed", node, "pass")
        elif isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name):
            yield self._replace("removed", node, "pass")  # of a field or an item: a name would not be there at all

    def _between(self, kind: str, left: ast.expr, right: ast.expr, change: tuple[str, str] | None) -> Iterator[Edit]:
        if change is None:
            return
        old, new = change
        begin, end = self._place(left.end_lineno, left.end_col_offset), self._place(right.lineno, right.col_offset)
        found = self.source.find(old.encode(), begin, end)
        if found >= 0:
            yield Edit(self.path, kind, self._line(found), found, found + len(old), new)

    def _replace(self, kind: str, node: ast.expr | ast.stmt, text: str) -> Edit:
        return Edit(self.path, kind, node.lineno, *self._span(node), text)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.source[start:end].decode()

    def _place(self, line: int | None, column: int | None) -> int:
        assert line is not None
        assert column is not None
        return self.lines[line - 1] + column

    def _line(self, offset: int) -> int:
        return self.source.count(b"\n", 0, offset) + 1


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what below `node` is worth an edit: no types, no texts with places in them, no errors' words."""
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child

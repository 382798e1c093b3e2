"""Constraints on the points of a grid: `batchcount <= limit`, `links.upi.latency < 100 ns and machine == two-socket`.

Names are axes, whole or by their last part where that is enough; any other word is a value of the axis that it is
compared with. Values are compared as quantities: a bare number with a bare number, a time with a time, words as words.
Only comparisons, `and`, `or`, `not`, `+ - * /` and parentheses are understood; nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from simslab.base.errors import UserError, near_miss
from simslab.experiment.grid.relative import UNITS, is_relative, quantity

EXPECTED: Final = "a comparison of axes, such as 'batchcount <= limit'"
Value = tuple[str, Fraction] | str
_WORD: Final = re.compile(r"[A-Za-z_][\w.:\[\]-]*[\w\]]|[A-Za-z_]")
_KEYWORDS: Final = ("and", "or", "not", "in")
_UNIT: Final = re.compile(
    r"(?<![\w.\]])(\d+(?:\.\d+)?)\s*(" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + r")(?!\w)"
)
_COMPARE: Final[dict[type, Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_ARITHMETIC: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


@dataclass(frozen=True)
class Constraint:
    """A constraint as typed, and its meaning."""

    text: str
    tree: ast.expr
    names: Mapping[str, str]  # stand-in of a name or quantity in the tree -> the axis, or the quantity as typed

    def holds(self, values: Mapping[str, str]) -> bool:
        """Whether it holds for these values (absolute ones) of the axes; UserError where they cannot be compared."""
        try:
            return _truth(_evaluate(self.tree, self.names, values))
        except KeyError as error:
            told = f"'{self.text}' asks for {error}, which a point does not set"
            raise UserError(told, file="--where", expected="names that every point sets") from None
        except (ZeroDivisionError, TypeError):
            raise UserError(f"'{self.text}' cannot be worked out", file="--where", expected=EXPECTED) from None


def parse_constraint(
    text: str, axes: Mapping[str, Collection[str]], also: Mapping[str, Collection[str]] | None = None
) -> Constraint:
    """Return the constraint in `text` over these axes, each with its values as typed; UserError if it is none.

    A word that is no axis has to be a value of the axis that it is compared with: beside any other it would make `!=`
    true and `==` false at every point. Values `also` are no slip though no point has them now.
    """
    also = also or {}
    names: dict[str, str] = {}

    def stand_in(what: str) -> str:
        name = f"_{len(names)}_"
        names[name] = what
        return name

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if found in _KEYWORDS or found in names:
            return found
        is_value = found not in axes and any(found in values for values in axes.values())
        known = any(found in values for values in also.values())
        return stand_in(f"={found}" if is_value else _axis(found, [*axes], text, known))

    marked = _UNIT.sub(lambda match: stand_in(f"={match[1]} {match[2]}"), text)
    quoted = re.sub(r"'([^']*)'|\"([^\"]*)\"", lambda m: stand_in(f"={m[1] or m[2] or ''}"), marked)
    try:
        tree = ast.parse(_WORD.sub(word, quoted).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(f"'{text}' is no constraint", file="--where", expected=EXPECTED) from None
    _check(tree, text)
    _check_words(tree, names, axes, also, text)
    return Constraint(text, tree, names)


def _axis(word: str, axes: Sequence[str], text: str, known: bool) -> str:
    """Return the axis that a word means, or the word itself, marked, where it stands for a value (`two-socket`).

    One that is `known` as a value is no axis that is spelled wrong.
    """
    if word in axes:
        return word
    ends = [axis for axis in axes if axis.rpartition(".")[2] == word]
    if len(ends) == 1:
        return ends[0]
    if len(ends) > 1:
        raise UserError(f"'{text}': '{word}' could mean several", file="--where", expected=" or ".join(ends))
    if not known and ("." in word or near_miss(word, [axis.rpartition(".")[2] for axis in axes])):
        near = near_miss(word, [*axes, *(axis.rpartition(".")[2] for axis in axes)])
        raise UserError(f"'{text}': there is no axis '{word}'", file="--where", expected=", ".join(axes), near=near)
    return f"={word}"


def _check(tree: ast.expr, text: str) -> None:
    allowed = (
        ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.BinOp, ast.Name, ast.Load,
        ast.Constant, *_COMPARE, *_ARITHMETIC,
    )  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, allowed) or (
            isinstance(node, ast.Constant) and (isinstance(node.value, bool) or not isinstance(node.value, int | float))
        ):
            raise UserError(f"'{text}' is no constraint", file="--where", expected=EXPECTED)
    if not isinstance(tree, ast.Compare | ast.BoolOp | ast.UnaryOp):
        raise UserError(f"'{text}' compares nothing", file="--where", expected=EXPECTED)


def _check_words(
    tree: ast.expr,
    names: Mapping[str, str],
    axes: Mapping[str, Collection[str]],
    also: Mapping[str, Collection[str]],
    text: str,
) -> None:
    """UserError for a word that is neither an axis nor a value of the axis that it is compared with."""
    against: dict[ast.AST, list[str]] = dict(_compared(tree, names))
    for node in ast.walk(tree):
        said = _said(node, names)
        axis = next((name for name in against.get(node, ()) if name in axes), "")
        if said is None or (not axis and not isinstance(quantity(said), str)) or _may_be(said, axes.get(axis, ())):
            continue
        if said in also.get(axis, ()):
            continue
        values = [value for value in axes.get(axis, ()) if not is_relative(value)]
        if any(isinstance(quantity(value), str) for value in values):
            told = f"'{text}': no point has '{said}' as its {axis}"
            raise UserError(
                told, file="--where", expected=", ".join(values), near=near_miss(said, [*values, *also.get(axis, ())])
            )
        known = list(dict.fromkeys([*axes, *(each.rpartition(".")[2] for each in axes)]))
        near = near_miss(said, known)
        raise UserError(f"'{text}': there is no axis '{said}'", file="--where", expected=", ".join(axes), near=near)


def _said(node: ast.AST, names: Mapping[str, str]) -> str | None:
    """Return the word or quantity that a part of the tree is; None where it is an axis, or made of others."""
    if isinstance(node, ast.Constant):
        return repr(node.value)
    what = names[node.id] if isinstance(node, ast.Name) else ""
    return what[1:] if what.startswith("=") else None


def _may_be(said: str, values: Collection[str]) -> bool:
    """Whether a word is one of an axis' values; whether the axis has quantities at all, where it is a quantity."""
    if isinstance(quantity(said), str):
        return said in values and not is_relative(said)
    return any(is_relative(value) or not isinstance(quantity(value), str) for value in values)


def _compared(tree: ast.expr, names: Mapping[str, str]) -> Iterator[tuple[ast.expr, list[str]]]:
    """Yield each part that is compared by `==` or `!=`, and what the names beside it stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            equal = [isinstance(op, ast.Eq | ast.NotEq) for op in node.ops]
            for at, side in enumerate(sides):
                beside = sides[at - 1 : at] * (at > 0 and equal[at - 1])
                beside += sides[at + 1 : at + 2] * (at < len(equal) and equal[at])
                yield side, [names[other.id] for other in beside if isinstance(other, ast.Name)]


def _evaluate(node: ast.expr, names: Mapping[str, str], values: Mapping[str, str]) -> Any:
    if isinstance(node, ast.BoolOp):
        results = [_truth(_evaluate(part, names, values)) for part in node.values]  # all: a part may be no truth
        return all(results) if isinstance(node.op, ast.And) else any(results)
    if isinstance(node, ast.UnaryOp):
        value = _evaluate(node.operand, names, values)
        if isinstance(node.op, ast.Not):
            return not _truth(value)
        return _calculated(ast.Sub(), (value[0], Fraction(0)), value)
    if isinstance(node, ast.Compare):
        sides = [_evaluate(part, names, values) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return all(_holds(op, left, right) for op, left, right in pairs)
    if isinstance(node, ast.BinOp):
        return _calculated(node.op, _evaluate(node.left, names, values), _evaluate(node.right, names, values))
    if isinstance(node, ast.Name):
        what = names[node.id]
        return quantity(what[1:] if what.startswith("=") else values[what])
    assert isinstance(node, ast.Constant)
    return "", Fraction(repr(node.value))


def _truth(value: Any) -> bool:
    """`value` as the truth that it is; TypeError for a quantity or a word, which is neither true nor false."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def _holds(op: ast.cmpop, left: Value, right: Value) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        if not isinstance(op, ast.Eq | ast.NotEq):
            raise TypeError
        return _COMPARE[type(op)](left, right)
    if left[0] != right[0] and left[1] and right[1]:
        raise TypeError
    return _COMPARE[type(op)](left[1], right[1])


def _calculated(op: ast.operator, left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError
    scale = isinstance(op, ast.Mult | ast.Div)
    if left[0] != right[0] and not (scale and "" in (left[0], right[0])):
        raise TypeError
    kind = "" if isinstance(op, ast.Div) and left[0] == right[0] else left[0] or right[0]
    return kind, _ARITHMETIC[type(op)](left[1], right[1])

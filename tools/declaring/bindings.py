"""Where a function binds names, in order, without those of functions and comprehensions inside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from declaring.sources import Function

INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Binding(NamedTuple):
    """A target with what is assigned to it: the `value` itself, each `element` of it, or what an `annotation` says."""

    target: ast.expr
    how: str
    source: ast.expr | None


def bindings(function: Function) -> Iterator[Binding]:
    """Yield the bindings of a function."""
    for node in within(function):
        match node:
            case ast.AnnAssign(target=target, annotation=annotation):
                yield Binding(target, "annotation", annotation)
            case ast.Assign(targets=targets, value=value):
                yield from (Binding(target, "value", value) for target in targets)
            case ast.NamedExpr(target=target, value=value):
                yield Binding(target, "value", value)
            case ast.For(target=target, iter=iterated):
                yield Binding(target, "element", iterated)
            case ast.withitem(optional_vars=ast.expr() as target):
                yield Binding(target, "object", None)
            case ast.ExceptHandler(name=str(name)):
                yield Binding(ast.Name(name), "object", None)


def within(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's own code, in order."""
    for statement in function.body:
        yield from _walk(statement)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, INNER):
        yield node
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, COMPREHENSIONS):
                yield from _walk(child)


def arguments(function: Function) -> list[ast.arg]:
    """The parameters of a function that are passed one by one."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def with_default(function: Function) -> set[str]:
    """The names of the parameters that need not be given."""
    positional = [*function.args.posonlyargs, *function.args.args]
    return {each.arg for each in positional[len(positional) - len(function.args.defaults) :]}

"""Types of Python values, as far as this project's code needs them, and what the builtins give."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Type(NamedTuple):
    """A type: its kind, a dotted name (of a class, a module, what a pointer points to) and its arguments."""

    kind: str
    name: str = ""
    args: tuple[Type, ...] = ()


INT, BOOL, FLOAT, STR, NONE = Type("int"), Type("bool"), Type("float"), Type("str"), Type("none")
OBJECT = Type("object")  # known to be no more than an object
ANY = Type("any")  # an annotation says so
UNKNOWN = Type("unknown")  # cannot be told: nothing is guessed
NUMBERS = (BOOL, INT, FLOAT)

ANNOTATIONS = {
    "int": INT,
    "bool": BOOL,
    "float": FLOAT,
    "str": STR,
    "None": NONE,
    "Any": ANY,
    "object": OBJECT,
    "memoryview": Type("memoryview"),
    "bytes": Type("bytes"),
    "list": Type("list"),
    "dict": Type("dict"),
    "tuple": Type("tuple"),
    "set": Type("set"),
}
SEQUENCES = {"Sequence", "Iterable", "Iterator", "Collection", "MutableSequence", "deque"}
MAPPINGS = {"Mapping", "MutableMapping", "defaultdict"}
INT_FUNCTIONS = {"len", "int", "ord", "hash", "id"}
BOOL_FUNCTIONS = {"bool", "isinstance", "any", "all", "callable", "hasattr"}
STR_FUNCTIONS = {"str", "repr", "hex", "chr"}
METHODS = {
    ("int", "bit_length"): INT,
    ("int", "bit_count"): INT,
    ("list", "index"): INT,
    ("list", "count"): INT,
    ("tuple", "index"): INT,
    ("str", "find"): INT,
    ("str", "count"): INT,
    ("str", "join"): STR,
    ("str", "format"): STR,
    ("str", "strip"): STR,
    ("str", "startswith"): BOOL,
    ("str", "endswith"): BOOL,
    ("memoryview", "tolist"): Type("list", "", (INT,)),
}


def optional(members: list[Type]) -> Type:
    """The type of `A | B`: of `A | None` it is A."""
    rest = [member for member in members if member != NONE] or [NONE]
    if all(member in NUMBERS for member in rest):
        return NUMBERS[max(map(NUMBERS.index, rest))]
    if all(member.kind == rest[0].kind and member.name == rest[0].name for member in rest):
        return max(rest, key=lambda member: len(member.args))
    return UNKNOWN if UNKNOWN in rest else ANY if ANY in rest else OBJECT


def is_vaguer(kind: Type, other: Type) -> bool:
    """Whether a first binding, to None or to an empty list, says less than a later one."""
    return kind in (NONE, UNKNOWN) or (kind.kind == other.kind and not kind.args and bool(other.args))


def callable_of(result: Type) -> Type:
    """What gives `result` when it is called."""
    return Type("callable", "", (result,))


def sequence_of(element: Type, kind: str = "sequence") -> Type:
    """A sequence; a tuple of any length when `kind` is tuple."""
    return Type(kind, "..." if kind == "tuple" else "", (element,))


def element(kind: Type) -> Type:
    """What iterating over a value gives."""
    if kind.kind in ("list", "sequence", "set", "dict", "mapping") and kind.args:
        return kind.args[0]
    if kind.kind == "tuple" and kind.args:
        return optional(list(kind.args))
    return {"pointer": INT, "memoryview": INT, "bytes": INT, "str": STR}.get(kind.kind, UNKNOWN)


def item(owner: Type, index: ast.expr) -> Type:
    """The type of `owner[index]`."""
    if isinstance(index, ast.Slice):
        return owner
    if owner.kind in ("dict", "mapping"):
        return owner.args[1] if len(owner.args) == 2 else UNKNOWN
    match index:
        case ast.Constant(value=int(place)) if owner.kind == "tuple" and owner.name != "...":
            return owner.args[place] if place < len(owner.args) else UNKNOWN
    return element(owner)


def arithmetic(left: Type, operation: ast.operator, right: Type) -> Type:
    """The type of a binary operation."""
    if left in NUMBERS and right in NUMBERS:
        if isinstance(operation, ast.Div) or FLOAT in (left, right):
            return FLOAT
        masks = left == right == BOOL and isinstance(operation, ast.BitAnd | ast.BitOr | ast.BitXor)
        return BOOL if masks else INT
    if isinstance(operation, ast.Mult | ast.Add):
        for side in (left, right):
            if side.kind in ("list", "str", "tuple", "bytes"):
                return side
    return STR if left == STR and isinstance(operation, ast.Mod) else UNKNOWN


def method(owner: Type, name: str) -> Type:
    """A method of a builtin type."""
    if (owner.kind, name) in METHODS:
        return callable_of(METHODS[owner.kind, name])
    if owner.kind in ("list", "sequence", "set") and name == "pop":
        return callable_of(element(owner))
    if owner.kind in ("dict", "mapping") and len(owner.args) == 2:
        key, value = owner.args
        views = {"keys": key, "values": value, "items": Type("tuple", "", (key, value))}
        if name in views:
            return callable_of(sequence_of(views[name]))
        if name in ("get", "pop", "setdefault"):
            return callable_of(value)
    return UNKNOWN


def builtin(name: str, arguments: list[Type]) -> Type:
    """What a call of a builtin function gives."""
    for functions, result in ((INT_FUNCTIONS, INT), (BOOL_FUNCTIONS, BOOL), (STR_FUNCTIONS, STR), ({"float"}, FLOAT)):
        if name in functions:
            return result
    if name == "range":
        return sequence_of(INT)
    if not arguments:
        return ANNOTATIONS.get(name, UNKNOWN)
    if name in ("min", "max", "sum"):
        return element(arguments[0]) if len(arguments) == 1 else optional(arguments)
    if name in ("abs", "round", "pow"):
        return optional(arguments)
    return _of_iterables(name, arguments)


def _of_iterables(name: str, arguments: list[Type]) -> Type:
    kinds = {"list": "list", "sorted": "list", "tuple": "tuple", "set": "set"}
    if name in kinds or name in ("reversed", "iter", "filter"):
        return sequence_of(element(arguments[-1]), kinds.get(name, "sequence"))
    if name == "enumerate":
        return sequence_of(Type("tuple", "", (INT, element(arguments[0]))))
    if name == "zip":
        return sequence_of(Type("tuple", "", tuple(map(element, arguments))))
    if name == "divmod":
        return Type("tuple", "", (INT, INT))
    return element(arguments[0]) if name == "next" else UNKNOWN

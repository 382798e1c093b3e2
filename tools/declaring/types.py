"""What the names and expressions of the sources are: enough of a type checker for this project's annotated code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from declaring.bindings import Binding, arguments, bindings
from declaring.kinds import (
    ANNOTATIONS,
    ANY,
    BOOL,
    FLOAT,
    INT,
    MAPPINGS,
    NONE,
    OBJECT,
    SEQUENCES,
    STR,
    UNKNOWN,
    Type,
    arithmetic,
    builtin,
    callable_of,
    element,
    is_vaguer,
    item,
    method,
    optional,
    sequence_of,
)
from declaring.sources import Class, Function, Module

# Functions of the buffers module, and of bytescan.
POINTERS = {
    "int64_pointer": "long long",
    "int64_pointer_at": "long long",
    "uint8_pointer": "unsigned char",
    "text_pointer": "const unsigned char",
}
Env = dict[str, Type]


class Types:
    """Types of the names, attributes and expressions of a set of modules."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._values: dict[tuple[str, str], Type] = {}
        self._attributes: dict[str, Env] = {}
        self._scopes: dict[Function, Env] = {}

    # -- names of modules -----------------------------------------------------------------------------------------

    def name(self, module: Module, name: str) -> Type:
        """The type of a name of a module; a class or module is itself a value."""
        if name in module.classes:
            return Type("type", f"{module.name}.{name}")
        if name in module.functions:
            return callable_of(self.returns(module, module.functions[name]))
        if name in module.values:
            return self._value(module, name)
        return self._imported(*module.imports[name]) if name in module.imports else UNKNOWN

    def _imported(self, source: str, name: str) -> Type:
        whole = f"{source}.{name}" if name else source
        if whole in self.modules:
            return Type("module", whole)
        return self.name(self.modules[source], name) if name and source in self.modules else Type("foreign", whole)

    def _value(self, module: Module, name: str) -> Type:
        key = (module.name, name)
        if key not in self._values:
            self._values[key] = UNKNOWN  # of a value that needs itself
            node = module.values[name]
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) != "Final":
                self._values[key] = self.annotation(module, node.annotation)
            elif node.value is not None:
                self._values[key] = self.expression(module, {}, node.value)
        return self._values[key]

    def find_class(self, kind: Type) -> Class | None:
        """The class of an object (or the class itself), if it is one of the packages'."""
        module, _, name = kind.name.rpartition(".")
        if kind.kind not in ("class", "type") or module not in self.modules:
            return None
        return self.modules[module].classes.get(name)

    def find_leaf(self, kind: Type) -> Class | None:
        """The class of an object, if it is a C struct."""
        cls = self.find_class(kind) if kind.kind == "class" else None
        return cls if cls is not None and cls.leaf else None

    def bases(self, cls: Class) -> list[Class]:
        """The classes of the packages that a class is directly derived from."""
        kinds = [self.expression(cls.module, {}, base) for base in cls.node.bases]
        return [base for kind in kinds if (base := self.find_class(kind)) is not None]

    # -- annotations ----------------------------------------------------------------------------------------------

    def annotation(self, module: Module, node: ast.expr | None) -> Type:
        """The type that an annotation names; types from outside the packages are OBJECT."""
        match node:
            case None:
                return UNKNOWN
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str(text)):
                return self.annotation(module, ast.parse(text, mode="eval").body)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return optional([self.annotation(module, left), self.annotation(module, right)])
            case ast.Subscript(value=value, slice=index):
                return self._generic(module, ast.unparse(value).split(".")[-1], index)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return ANNOTATIONS.get(name) or self._named(module, node, name)
        return OBJECT

    def _named(self, module: Module, node: ast.expr, name: str) -> Type:
        value = self.expression(module, {}, node)
        if value.kind == "type":
            return Type("class", value.name)
        alias = module.values[name].value if name in module.values else None
        return self.annotation(module, alias) if alias is not None else OBJECT

    def _generic(self, module: Module, name: str, index: ast.expr) -> Type:
        nodes = index.elts if isinstance(index, ast.Tuple) else [index]
        kinds = tuple(self.annotation(module, node) for node in nodes if not is_ellipsis(node))
        if name == "Callable":
            return callable_of(kinds[-1])
        if name in ("Final", "ClassVar", "Optional", "Annotated"):
            return kinds[0]
        if name == "tuple":
            return Type("tuple", "..." if len(kinds) < len(nodes) else "", kinds)
        generic = "sequence" if name in SEQUENCES else "mapping" if name in MAPPINGS else name
        return Type(generic, "", kinds) if generic in ("list", "dict", "set", "sequence", "mapping") else OBJECT

    def returns(self, module: Module, function: Function) -> Type:
        """What a call of a function gives."""
        return OBJECT if isinstance(function, ast.AsyncFunctionDef) else self.annotation(module, function.returns)

    def parameters(self, cls: Class, function: Function) -> Env:
        """The parameters of a method with their types; the first is the class."""
        found = {each.arg: self.annotation(cls.module, each.annotation) for each in arguments(function)}
        decorators = {ast.unparse(each) for each in function.decorator_list}
        if found and "staticmethod" not in decorators:
            found[next(iter(found))] = Type("type" if "classmethod" in decorators else "class", cls.qualified)
        return found

    # -- names and attributes that methods bind -------------------------------------------------------------------

    def scope(self, cls: Class, function: Function) -> Env:
        """The types of all names of a method, parameters first. The first binding that says something decides."""
        if function not in self._scopes:
            self._scopes[function] = self._scope(cls, function)
        return self._scopes[function]

    def _scope(self, cls: Class, function: Function) -> Env:
        given = self.parameters(cls, function)
        known = dict(given)
        for _ in range(3):  # a name may be bound, in a loop, from one that is bound further down
            found, env = dict(given), dict(known)
            for target, kind in self.bound(cls.module, env, function):
                if isinstance(target, ast.Name) and target.id not in given:
                    if is_vaguer(found.get(target.id, UNKNOWN), kind):
                        found[target.id] = kind
                    env[target.id] = found[target.id]
            if found == known:
                break
            known = found
        return known

    def local_names(self, cls: Class, function: Function) -> Env:
        """The types of the names that a method binds itself, in order."""
        given = self.parameters(cls, function)
        return {name: kind for name, kind in self.scope(cls, function).items() if name not in given}

    def bound(self, module: Module, env: Env, function: Function) -> Iterator[tuple[ast.expr, Type]]:
        """Yield the single targets that a function assigns to, with the types that they get."""
        for binding in bindings(function):
            yield from unpacked(binding.target, self._bound(module, env, binding))

    def _bound(self, module: Module, env: Env, binding: Binding) -> Type:
        match binding.how:
            case "annotation":
                return self.annotation(module, binding.source)
            case "value" if binding.source is not None:
                return self.expression(module, env, binding.source)
            case "element" if binding.source is not None:
                return element(self.expression(module, env, binding.source))
        return OBJECT

    def attributes(self, cls: Class) -> Env:
        """The attributes that a class itself has, in the order in which `__init__`, then other methods, set them."""
        if cls.qualified not in self._attributes:
            found = self._attributes[cls.qualified] = {}
            for statement in cls.node.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    found[statement.target.id] = self.annotation(cls.module, statement.annotation)
            inherited = self.inherited(cls)
            for name in sorted(cls.methods, key=lambda name: name != "__init__"):
                self._set_by(cls, cls.methods[name], found, inherited)
        return self._attributes[cls.qualified]

    def inherited(self, cls: Class) -> set[str]:
        """Names of the attributes that the bases of a class have."""
        return {name for base in self.bases(cls) for name in (*self.attributes(base), *self.inherited(base))}

    def _set_by(self, cls: Class, function: Function, found: Env, inherited: set[str]) -> None:
        me = next(iter(self.parameters(cls, function)), "")
        for target, kind in self.bound(cls.module, self.scope(cls, function), function):
            match target:
                case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == me and name not in inherited:
                    if is_vaguer(found.get(name, UNKNOWN), kind):
                        found[name] = kind

    def attribute(self, owner: Type, name: str) -> Type:
        """The type of `owner.name`."""
        if owner.kind == "module":
            whole = f"{owner.name}.{name}"
            return Type("module", whole) if whole in self.modules else self.name(self.modules[owner.name], name)
        if owner.kind == "foreign":
            return Type("foreign", f"{owner.name}.{name}")
        cls = self.find_class(owner)
        return method(owner, name) if cls is None else self._member(cls, name)

    def _member(self, cls: Class, name: str) -> Type:
        if name in cls.methods:
            result = self.returns(cls.module, cls.methods[name])
            return result if name in cls.properties else callable_of(result)
        if name in self.attributes(cls):
            return self.attributes(cls)[name]
        found = (self._member(base, name) for base in self.bases(cls))
        return next((kind for kind in found if kind != UNKNOWN), UNKNOWN)

    # -- expressions ----------------------------------------------------------------------------------------------

    def expression(self, module: Module, env: Env, node: ast.expr) -> Type:
        """The type of an expression where the local names of `env` are known."""
        match node:
            case ast.Constant(value=value):
                return {bool: BOOL, int: INT, float: FLOAT, str: STR, type(None): NONE}.get(type(value), OBJECT)
            case ast.JoinedStr():
                return STR
            case ast.Name(id=name):
                return env[name] if name in env else self.name(module, name)
            case ast.Attribute(value=value, attr=name):
                return self.attribute(self.expression(module, env, value), name)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return BOOL
            case ast.UnaryOp(operand=operand):
                found = self.expression(module, env, operand)
                return INT if found == BOOL else found
            case ast.BinOp(left=left, op=operation, right=right):
                sides = self.expression(module, env, left), self.expression(module, env, right)
                return arithmetic(sides[0], operation, sides[1])
            case ast.BoolOp(values=values):
                return optional([self.expression(module, env, each) for each in values])
            case ast.IfExp(body=body, orelse=orelse):
                return optional([self.expression(module, env, body), self.expression(module, env, orelse)])
            case ast.NamedExpr(value=value):
                return self.expression(module, env, value)
            case ast.Call():
                return self._call(module, env, node)
            case ast.Subscript(value=value, slice=index):
                return item(self.expression(module, env, value), index)
        return self._display(module, env, node)

    def _display(self, module: Module, env: Env, node: ast.expr) -> Type:
        match node:
            case ast.List(elts=elements) | ast.Set(elts=elements):
                kinds = [self.expression(module, env, each) for each in elements]
                kind = "list" if isinstance(node, ast.List) else "set"
                return sequence_of(optional(kinds), kind) if kinds else Type(kind)
            case ast.Tuple(elts=elements):
                return Type("tuple", "", tuple(self.expression(module, env, each) for each in elements))
            case ast.Dict(keys=[ast.expr() as key, *_], values=[value, *_]):
                return Type("dict", "", (self.expression(module, env, key), self.expression(module, env, value)))
            case ast.Dict():
                return Type("dict")
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                inner = self.comprehension(module, env, node.generators)
                kind = {ast.ListComp: "list", ast.SetComp: "set"}.get(type(node), "sequence")
                return sequence_of(self.expression(module, inner, node.elt), kind)
            case ast.DictComp(key=key, value=value, generators=generators):
                inner = self.comprehension(module, env, generators)
                return Type("dict", "", (self.expression(module, inner, key), self.expression(module, inner, value)))
        return UNKNOWN

    def comprehension(self, module: Module, env: Env, generators: list[ast.comprehension]) -> Env:
        """The names known inside a comprehension."""
        inner = dict(env)
        for each in generators:
            kind = element(self.expression(module, inner, each.iter))
            inner |= {t.id: found for t, found in unpacked(each.target, kind) if isinstance(t, ast.Name)}
        return inner

    def _call(self, module: Module, env: Env, node: ast.Call) -> Type:
        match node.func:
            case ast.Name(id=name) if name not in env and self.name(module, name) == UNKNOWN:
                return builtin(name, [self.expression(module, env, each) for each in node.args])
            case ast.Attribute(attr=name) if name in POINTERS:
                return Type("pointer", POINTERS[name])
        function = self.expression(module, env, node.func)
        if function.kind == "type":
            return Type("class", function.name)
        if function.kind == "callable":
            return function.args[0]
        made = function.kind == "foreign" and function.name.split(".")[-1][:1].isupper()  # an object of a foreign class
        return OBJECT if made else UNKNOWN


def unpacked(target: ast.expr, kind: Type) -> Iterator[tuple[ast.expr, Type]]:
    """Yield the single targets of an assignment with the types that they get."""
    if isinstance(target, ast.Starred):
        yield from unpacked(target.value, sequence_of(kind, "list"))
    elif isinstance(target, ast.Tuple | ast.List):
        exact = kind.kind == "tuple" and kind.name != "..." and len(kind.args) == len(target.elts)
        parts = kind.args if exact else [ANY if kind == ANY else element(kind)] * len(target.elts)
        for each, part in zip(target.elts, parts, strict=True):
            yield from unpacked(each, part)
    else:
        yield target, kind


def is_ellipsis(node: ast.expr) -> bool:
    """Whether a node is `...`."""
    return isinstance(node, ast.Constant) and node.value is ...

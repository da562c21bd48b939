"""Small changes to the emulator's own source: which there are, and the tree with one of them made.

A change is found on the syntax tree and made on a copy of it; no file is written. The order is that
of the source, so that the same source always gives the same mutants.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EMULATOR = Path(__file__).parent.parent / "redeploy_conformance" / "emulator"
OWN = (
    "admission",
    "redeploys",
    "calls",
    "limiter",
    "authority",
    "errors",
    "envelopes",
    "signatures",
    "request",
    "state",
    "clock",
)
"""What carries out the operation of the contract, which binds only this."""
NEIGHBOURS = ("observations", "simulated", "power", "paging")
"""Other operations, of which the contract says nothing but that some show what it did."""
MODULES = OWN + NEIGHBOURS
"""What answers the public API; the control plane and the server are not the implementation."""

LONGEST = 70
"""Signs of a piece of source that a key shows."""

OPPOSITE: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
}

Change = tuple[ast.AST, Callable[[], None], str]
"""The node, how to change it (or what holds it) in place, and what then stands there."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where, what was there, what stands there now.

    ``key`` stays the same when other lines of the file change; ``nth`` tells like changes of one
    function apart; ``place`` is the number of the change in its module; ``span`` are the lines of
    the statement that it is in.
    """

    module: str
    function: str
    before: str
    after: str
    nth: int
    line: int
    place: int
    span: range

    @property
    def key(self) -> str:
        """Return what the mutant is filed under."""
        what = f"{self.before} -> {self.after} #{self.nth}"
        return f"{self.module}:{self.function}: {what}"


def mutants(modules: tuple[str, ...] = MODULES) -> list[Mutant]:
    """Return every mutant of the given modules, in the order of the source."""
    return [one for module in modules for one in _of_module(module)]


def mutated(mutant: Mutant) -> ast.Module:
    """Return the tree of a module with one change made."""
    tree = ast.parse(_source(mutant.module))
    _, _, (_, make, _) = list(_changes(tree))[mutant.place]
    make()
    return ast.fix_missing_locations(tree)


def _of_module(module: str) -> Iterator[Mutant]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for place, (function, span, (node, _, after)) in enumerate(
        _changes(ast.parse(_source(module)))
    ):
        what = (function, text(node), after)
        seen[what] += 1
        line = getattr(node, "lineno", 0)
        yield Mutant(module, *what, seen[what], line, place, span)


@cache
def _source(module: str) -> str:
    return (EMULATOR / f"{module}.py").read_text("utf-8")


def text(node: ast.AST) -> str:
    """Return a piece of source on one line, the middle left out of a long one."""
    words = " ".join(ast.unparse(node).split())
    half = (LONGEST - 3) // 2
    return words if len(words) <= LONGEST else f"{words[:half]}...{words[-half:]}"


def _changes(tree: ast.Module) -> Iterator[tuple[str, range, Change]]:
    """Yield every change to a tree, with the function and the lines that it is in."""
    for node, function, span in _nodes(tree, "", range(0)):
        for change in _of_node(node):
            changed = change[0]
            at = _span(changed) if isinstance(changed, ast.stmt) else span
            yield function, at, change


def _span(statement: ast.stmt) -> range:
    """Return the lines of a statement, of a compound one those before its body."""
    body = getattr(statement, "body", None)
    if isinstance(body, list):
        return range(statement.lineno, max(body[0].lineno, statement.lineno + 1))
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _nodes(
    node: ast.AST, function: str, span: range
) -> Iterator[tuple[ast.AST, str, range]]:
    """Yield what is behaviour: no docstrings, annotations, decorators or imports."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    if isinstance(node, ast.stmt):
        span = _span(node)
    yield node, function, span
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_silent(child):
                yield from _nodes(child, function, span)


def _is_silent(node: ast.AST) -> bool:
    """Whether a statement says something to the reader or the type checker only."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
        case ast.Assign(value=ast.Subscript(value=ast.Name(id=name))):
            return name in ("Literal", "Callable", "list", "dict", "tuple")
        case _:
            return False


def _of_node(node: ast.AST) -> Iterator[Change]:
    yield from _of_expression(node)
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            if not isinstance(test, ast.Compare | ast.UnaryOp):  # turned by themselves
                turned = ast.UnaryOp(ast.Not(), test)
                yield test, _put(node, "test", turned), text(turned)
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield node, _put(node, "value", ast.Constant(None)), "return None"
        case ast.comprehension(ifs=[_, *_]):
            for n, condition in enumerate(node.ifs):
                make = _put(node.ifs, n, ast.Constant(True))
                yield condition, make, "True"
        case _:
            pass
    for name in ("body", "orelse"):
        statements = getattr(node, name, None)
        if isinstance(statements, list):
            for n, statement in enumerate(statements):
                if _can_go(statement):
                    nothing = ast.copy_location(ast.Pass(), statement)
                    yield statement, _put(statements, n, nothing), "nothing"


def _of_expression(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[op]):
            for other in OPPOSITE[type(op)]:
                yield _replaced(node, "ops", [other()])
        case ast.BoolOp(op=op):
            yield _replaced(node, "op", OPPOSITE[type(op)][0]())
        case ast.BinOp(op=op) if type(op) in OPPOSITE:
            yield _replaced(node, "op", OPPOSITE[type(op)][0]())
        case ast.UnaryOp(op=ast.Not()):
            twice = ast.UnaryOp(ast.Not(), node.operand)
            yield node, _put(node, "operand", twice), text(node.operand)
        case ast.Dict(keys=[_, *_]):
            yield from _one_entry_less(node)
        case (
            ast.Tuple(elts=[_, *_]) | ast.Set(elts=[_, _, *_]) | ast.List(elts=[_, *_])
        ) if _is_table(node):
            for n in range(len(node.elts)):
                rest = [*node.elts[:n], *node.elts[n + 1 :]]
                make = _put(node, "elts", rest)
                yield node.elts[n], make, "no such element"
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            other = "max" if name == "min" else "min"
            yield node.func, _put(node.func, "id", other), other
        case ast.Constant(value=bool() | int() | float() | str() as value):
            for spoiled in _spoiled(value):
                yield node, _put(node, "value", spoiled), repr(spoiled)
        case _:
            pass


def _spoiled(value: bool | int | float | str) -> tuple[object, ...]:
    """Return what a constant may be instead: truth turned, a number by one, a word spoiled."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, str):
        return (f"{value}x",) if value else ()
    return (value + 1, value - 1)


def _one_entry_less(node: ast.Dict) -> Iterator[Change]:
    for n, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):

        def make(n: int = n) -> None:
            del node.keys[n], node.values[n]

        yield key or value, make, "no such entry"


def _is_table(node: ast.Tuple | ast.Set | ast.List) -> bool:
    """Whether elements are words to choose from, of which one may be left out."""
    return all(isinstance(one, ast.Constant) for one in node.elts)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _can_go(statement: ast.AST) -> bool:
    """Whether a statement does something that can be left out, and the rest still runs."""
    match statement:
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Delete():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
        case ast.Assign(targets=[ast.Tuple(elts=several)]):
            return all(isinstance(one, ast.Attribute) for one in several)
        case ast.Return(value=None) | ast.Continue() | ast.Break():
            return True
        case _:
            return False


def _replaced(node: ast.AST, name: str, value: object) -> Change:
    """Return the change of one field of a node, shown as the node looks then."""
    before = getattr(node, name)
    setattr(node, name, value)
    after = text(node)
    setattr(node, name, before)
    return node, _put(node, name, value), after


def _put(
    where: ast.AST | list[ast.stmt] | list[ast.expr], name: str | int, value: object
) -> Callable[[], None]:
    def make() -> None:
        if isinstance(where, list):
            where[name] = value  # type: ignore[index, call-overload]
        else:
            setattr(where, str(name), value)

    return make

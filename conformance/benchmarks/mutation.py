"""Systematic mutation: small changes to the emulator's own source, and whether the suite sees them.

    python conformance/benchmarks/mutation.py [--sample N] [--seed S] [--processes P]

Every mutant is compiled in a process of its own, by an import hook; no file is changed. The plan
runs against it until something is wrong. What survives is looked up in ``survivors.toml``, where
each is filed as equivalent, as an open point, as out of sight, or as missing in the suite. The exit
code is 1 when a survivor is not filed, or one that is filed is caught now.
"""

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from redeploy_conformance.bench import set_up
from redeploy_conformance.conclude import Gathered
from redeploy_conformance.investigate import perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.touring import perform_tour
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import load

HERE = Path(__file__).parent
EMULATOR = HERE.parent / "redeploy_conformance" / "emulator"
PACKAGE = "redeploy_conformance.emulator"
MODULES = (
    "admission",
    "authority",
    "calls",
    "clock",
    "envelopes",
    "errors",
    "limiter",
    "observations",
    "paging",
    "power",
    "redeploys",
    "request",
    "signatures",
    "simulated",
    "state",
)
"""What answers the public API; the control plane and the server are not the implementation."""

SECONDS = 120
"""After which a mutant counts as one that does not answer."""

OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what was there, what stands there now; ``key`` survives other edits."""

    module: str
    function: str
    before: str
    after: str
    nth: int
    line: int
    place: int

    @property
    def key(self) -> str:
        """Return what the mutant is filed under."""
        return (
            f"{self.module}:{self.function}: {self.before} -> {self.after} #{self.nth}"
        )


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: a word, and the clause or the reason."""

    word: str
    how: str = ""


# ------------------------------------------------------------------ making mutants


def changes(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Callable[[], None], str]]:
    """Yield the changes to a tree: the node, its function, how to make it, what comes of it.

    A change is made in place; whoever makes one uses a tree of its own.
    """
    for owner, function in _owners(tree):
        yield from _of_node(owner, function)


def _owners(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    def walk(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
        yield node, function
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function)

    yield from walk(tree, "")


def _of_node(
    node: ast.AST, function: str
) -> Iterator[tuple[ast.AST, str, Callable[[], None], str]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in OPPOSITE:
            yield node, function, _put(node, "ops", [OPPOSITE[type(op)]()]), ""
        case ast.BoolOp(op=op):
            yield node, function, _put(node, "op", OPPOSITE[type(op)]()), ""
        case ast.BinOp(op=op) if type(op) in OPPOSITE:
            yield node, function, _put(node, "op", OPPOSITE[type(op)]()), ""
        case ast.If(test=test) | ast.IfExp(test=test):
            turned = ast.UnaryOp(ast.Not(), test)
            yield test, function, _put(node, "test", turned), f"not ({_text(test)})"
        case _:
            pass
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
        return
    body = getattr(node, "body", None)
    if isinstance(body, list):
        for n, statement in enumerate(body):
            if _can_go(statement):
                yield (
                    statement,
                    function,
                    _put(body, n, ast.copy_location(ast.Pass(), statement)),
                    "nothing",
                )


def _put(where: object, name: object, value: object) -> Callable[[], None]:
    def make() -> None:
        if isinstance(where, list):
            where[name] = value  # type: ignore[index]
        else:
            setattr(where, str(name), value)

    return make


def _can_go(statement: ast.AST) -> bool:
    """Whether a statement does something that can be left out."""
    match statement:
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Delete():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
        case _:
            return False


def _constants(
    tree: ast.Module,
) -> Iterator[tuple[ast.AST, str, Callable[[], None], str]]:
    """Yield changes to constants: numbers by one, truth turned, words of the protocol spoiled."""
    silent = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    silent |= {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.arg | ast.FunctionDef)
        for part in ast.walk(_annotation(node))
    }
    for node, function in _owners(tree):
        if not isinstance(node, ast.Constant) or id(node) in silent:
            continue
        value = node.value
        if isinstance(value, bool):
            yield node, function, _put(node, "value", not value), ""
        elif isinstance(value, int | float):
            yield node, function, _put(node, "value", value + 1), ""
        elif isinstance(value, str) and value:
            yield node, function, _put(node, "value", value + "x"), ""


def _annotation(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.FunctionDef):
        return node.returns or ast.Pass()
    return getattr(node, "annotation", None) or ast.Pass()


def _text(node: ast.AST) -> str:
    words = " ".join(ast.unparse(node).split())
    return words if len(words) <= 70 else words[:67] + "..."


def mutants() -> list[Mutant]:
    """Return every mutant of the emulator, in order."""
    found = []
    for module in MODULES:
        source = (EMULATOR / f"{module}.py").read_text("utf-8")
        tree = ast.parse(source)
        seen: Counter[tuple[str, str, str]] = Counter()
        for place, (node, function, make, said) in enumerate(_all(tree)):
            before, line = _text(node), getattr(node, "lineno", 0)
            if said:
                after = said
            else:
                spare = copy.deepcopy(node)
                list(_undo(node, make))
                after = _text(node)
                _restore(node, spare)
            where = (function, before, after)
            seen[where] += 1
            found.append(
                Mutant(module, function, before, after, seen[where], line, place)
            )
    return found


def _all(
    tree: ast.Module,
) -> Iterator[tuple[ast.AST, str, Callable[[], None], str]]:
    yield from changes(tree)
    yield from _constants(tree)


def _undo(node: ast.AST, make: Callable[[], None]) -> Iterator[None]:
    make()
    yield


def _restore(node: ast.AST, spare: ast.AST) -> None:
    for field, value in ast.iter_fields(spare):
        setattr(node, field, value)


def mutated(mutant: Mutant) -> ast.Module:
    """Return the tree of a module with one change made."""
    tree = ast.parse((EMULATOR / f"{mutant.module}.py").read_text("utf-8"))
    for place, (_, _, make, _) in enumerate(list(_all(tree))):
        if place == mutant.place:
            make()
    return ast.fix_missing_locations(tree)


# ------------------------------------------------------------------ trying one


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module its changed tree when it is imported."""

    def __init__(self, mutant: Mutant) -> None:
        """Remember which."""
        self.name = f"{PACKAGE}.{mutant.module}"
        self.code = compile(mutated(mutant), self.name, "exec")

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for that module only."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed code."""
        exec(self.code, module.__dict__)


class Crashing:
    """A transport on which a crash of the application is a 500, as a server would make it."""

    def __init__(self, inner: DirectTransport) -> None:
        """Take the application's own."""
        self.inner = inner

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer, or a bare 500."""
        try:
            return self.inner.send(request, timeout)
        except Exception as error:
            text = f"{type(error).__name__}: {error}".encode()
            return HttpResponse(500, (("content-type", "text/plain"),), text)

    def close(self) -> None:
        """Nothing is held."""


def judged() -> Fate:
    """Run the tour and the plan against the emulator as it is imported now."""
    try:
        emulator = importlib.import_module(f"{PACKAGE}.app").Emulator()
    except Exception as error:
        return Fate("does not start", type(error).__name__)
    contract = load()
    statement = Statement(read_lag_seconds=0.0)
    transport = Crashing(DirectTransport(emulator.asgi))
    bench = set_up(Target("mutant", "embedded", transport, statement), contract)
    gathered = Gathered(contract, bench.offer)
    _, report, run = perform_tour(bench)
    gathered.add(report)
    for case in () if run.violations else plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is not None:
            report, run = perform_case(bench, name(contract, case), doable)
            gathered.add(report)
        if run.violations:
            break
    if run.violations:
        return Fate("violation", run.violations[0].clause)
    clauses = gathered.clauses()
    idle = [one.id for one in clauses if contract.by_id[one.id].required]
    idle = [one.id for one in clauses if one.id in idle and one.verdict != "pass"]
    wavering = [one.id for one in clauses if one.inconsistent]
    if idle or wavering or gathered.problems:
        why = [*idle, *wavering] or [gathered.problems[0].text]
        return Fate("not green", ", ".join(why)[:80])
    return Fate("survived")


def tried(mutant: Mutant) -> Fate:
    """Return what becomes of a mutant, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_mutant(mutant, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Fate("does not answer", f"signal {os.WTERMSIG(status)}")
    return Fate(*json.loads(text))


def _be_the_mutant(mutant: Mutant, writer: int) -> None:
    signal.alarm(SECONDS)
    try:
        sys.meta_path.insert(0, Loader(mutant))
        fate = judged()
    except BaseException as error:
        fate = Fate("not green", f"{type(error).__name__}: {error}"[:80])
    os.write(writer, json.dumps([fate.word, fate.how]).encode())
    os._exit(0)


# ------------------------------------------------------------------ the whole


def filed() -> dict[str, dict[str, str]]:
    """Return the survivors that were looked at, by key."""
    path = HERE / "survivors.toml"
    rows = tomllib.loads(path.read_text("utf-8")).get("survivor", [])
    return {row["mutant"]: row for row in rows}


def main(words: Sequence[str] | None = None) -> int:
    """Try mutants, print what came, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, help="try only so many, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--module", help="only of this module")
    options = parser.parse_args(words)
    chosen = [one for one in mutants() if options.module in (None, one.module)]
    if options.sample:
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    known = filed()
    begun = time.monotonic()
    with ThreadPoolExecutor(options.processes) as pool:
        fates = list(pool.map(tried, chosen))
    counts = Counter(fate.word for fate in fates)
    survivors = [
        one for one, fate in zip(chosen, fates, strict=True) if fate.word == "survived"
    ]
    caught = {
        one.key
        for one, fate in zip(chosen, fates, strict=True)
        if fate.word != "survived"
    }
    unfiled = [one for one in survivors if one.key not in known]
    stale = sorted(caught & set(known))
    for one in unfiled:
        print(f"NOT FILED  {one.module}.py:{one.line}  {one.key}")
    for key in stale:
        print(f"STALE      {key}")
    print(f"{len(chosen)} mutants in {time.monotonic() - begun:.0f} s")
    for word, count in counts.most_common():
        print(f"  {count:4} {word}")
    kinds = Counter(known[one.key]["filed"] for one in survivors if one.key in known)
    for word, count in kinds.most_common():
        print(f"  {count:4} of the survivors filed as {word}")
    return 1 if unfiled or stale else 0


if __name__ == "__main__":
    sys.exit(main())

"""Systematic mutation: small changes to the emulator's own source, and whether the suite sees them.

    python conformance/benchmarks/mutation.py [--sample N] [--seed S] [--processes P]

How a mutant is tried is in ``trying.py`` and ``judging.py``. What survives is looked up in ``survivors.toml``. The exit
code is 1 when a survivor is not filed there, or when one that is filed is caught now.
"""

import argparse
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from judging import KILLED, OTHERWISE, Fate, NotGreenError, as_it_is, eased
from mutants import MODULES, NEIGHBOURS, OWN, Mutant, mutants
from trying import tried

SURVIVORS = Path(__file__).parent / "survivors.toml"
FILED = ("equivalent", "open", "missing")


class FilingError(Exception):
    """The file of survivors is wrong; the message says where."""


def filed(path: Path = SURVIVORS) -> dict[str, str]:
    """Return how each survivor that was looked at is filed, by its key.

    Raises:
        FilingError: a group lacks its reason, is filed under no known word, or repeats a key.
    """
    known: dict[str, str] = {}
    for number, group in enumerate(
        tomllib.loads(path.read_text("utf-8")).get("group", ()), 1
    ):
        if group.get("filed") not in FILED or not str(group.get("why", "")).strip():
            words = ", ".join(FILED)
            raise FilingError(
                f"{path.name}, group {number}: needs filed ({words}) and why"
            )
        for key in group.get("mutants", ()):
            if key in known:
                raise FilingError(f"{path.name}, group {number}: {key} is there twice")
            known[key] = group["filed"]
    return known


def report(fates: Mapping[Mutant, Fate], known: Mapping[str, str]) -> list[str]:
    """Return the lines that tell what came, the survivors that are not filed first."""
    counts = Counter(fate.word for fate in fates.values())
    lines = [
        f"NOT FILED  {one.module}.py:{one.line}  {one.key}"
        for one in unfiled(fates, known)
    ]
    lines += [f"STALE      {key}: {how}" for key, how in stale(fates, known)]
    ran = len(fates) - counts["cannot run"]
    killed = sum(counts[word] for word in KILLED)
    lines += [
        f"{len(fates)} mutants made, {counts['cannot run']} cannot run, {ran} tried",
        f"{killed} killed: " + ", ".join(f"{counts[word]} {word}" for word in KILLED),
        f"{counts['survived']} survived",
    ]
    kinds = _filed_as(fates, known)
    lines += [f"  {kinds[word]} filed as {word}" for word in FILED]
    lines.append(f"of the contract's own operation: {rate(fates, known, OWN)}")
    lines.append(f"of neighbouring operations: {rate(fates, known, NEIGHBOURS)}")
    return lines


def _filed_as(fates: Mapping[Mutant, Fate], known: Mapping[str, str]) -> Counter[str]:
    return Counter(
        known[one.key]
        for one, fate in fates.items()
        if fate.word == "survived" and one.key in known
    )


def rate(
    fates: Mapping[Mutant, Fate], known: Mapping[str, str], modules: Sequence[str]
) -> str:
    """Return how many of the mutants of some modules are killed, and what the others are."""
    ran = {
        one: fate
        for one, fate in fates.items()
        if one.module in modules and fate.word != "cannot run"
    }
    if not ran:
        return "none tried"
    killed = sum(fate.word in KILLED for fate in ran.values())
    kinds = _filed_as(ran, known)
    others = ", ".join(f"{kinds[word]} {word}" for word in FILED)
    return f"{killed} of {len(ran)} killed ({killed / len(ran):.0%}), {others}"


def unfiled(fates: Mapping[Mutant, Fate], known: Mapping[str, str]) -> list[Mutant]:
    """Return the survivors that nobody looked at."""
    return [
        one
        for one, fate in fates.items()
        if fate.word == "survived" and one.key not in known
    ]


def stale(
    fates: Mapping[Mutant, Fate], known: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the keys that are filed as survivors, and are none any more."""
    return [
        (one.key, f"{fate.word}, {fate.how}")
        for one, fate in fates.items()
        if fate.word != "survived" and one.key in known
    ]


def gone(known: Mapping[str, str]) -> list[str]:
    """Return the keys that name no mutant of the source as it is."""
    return sorted(set(known) - {one.key for one in mutants()})


def main(words: Sequence[str] | None = None) -> int:
    """Try mutants, print what came, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, help="try only so many, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--module", choices=MODULES, help="only of this module")
    parser.add_argument("--all", action="store_true", help="print the fate of each")
    parser.add_argument("--having", default="", help="only those whose key has this")
    options = parser.parse_args(words)
    modules = (options.module,) if options.module else MODULES
    chosen = [one for one in mutants(modules) if options.having in one.key]
    if options.sample is not None:
        amount = min(options.sample, len(chosen))
        chosen = random.Random(options.seed).sample(chosen, amount)
    try:
        known = filed()
    except FilingError as error:
        print(error, file=sys.stderr)
        return 2
    begun = time.monotonic()
    try:
        under = [(one, as_it_is(eased(), one)) for one in OTHERWISE]
    except NotGreenError as error:
        print(f"the emulator as it is does not pass: {error}", file=sys.stderr)
        return 2
    fates: dict[Mutant, Fate] = {}
    for one, fate in tried(chosen, under, options.processes):
        fates[one] = fate
        if options.all:
            place = f"{one.module}.py:{one.line}"
            print(fate.word, fate.how, place, one.key, sep="\t", flush=True)
    lost = gone(known)
    for key in lost:
        print(f"GONE       {key}")
    print("\n".join(report(fates, known)))
    print(f"in {time.monotonic() - begun:.0f} s with {options.processes} processes")
    return 1 if unfiled(fates, known) or stale(fates, known) or lost else 0


if __name__ == "__main__":
    sys.exit(main())

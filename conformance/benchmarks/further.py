"""What a whole run says beyond the fault: ``python conformance/benchmarks/further.py``.

The whole suite runs against each fault of the catalogue, as ``run embedded:FAULT`` does, and every
clause that it calls violated counts, not only the first. One that the fault does not break by its
own description is a further one: most often a consequence, sometimes another reading of what was
seen. Of these, those that the report itself puts down to another violated clause are counted apart.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_reports.summary import explained
from redeploy_schemas.records import Result

COMMAND = Path(sysconfig.get_path("scripts")) / "redeploy-conformance"
LONGEST = 300


def violated(fault: str, seed: int) -> tuple[str, dict[str, bool]]:
    """Return the clauses that a run against a fault says are violated, and which are explained."""
    words = ("--seed", str(seed), "--result", "result.json")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [COMMAND, "run", f"embedded:{fault}", *words],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=LONGEST,
            check=False,
        )
        text = (Path(folder) / "result.json").read_text("utf-8")
    result = Result.from_json(json.loads(text))
    others = explained(result)
    return fault, {one.clause: one.clause in others for one in result.findings}


def main() -> int:
    """Run against every fault, print what is further, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("faults", nargs="*", help="these, or all of them")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    unknown = [one for one in given.faults if one not in FAULTS]
    if unknown:
        parser.error(f"there is no fault {unknown[0]!r}")
    named = further = apart = runs = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for fault, seen in pool.map(
            lambda one: violated(one, given.seed), given.faults or FAULTS
        ):
            more = {one: seen[one] for one in seen if one not in FAULTS[fault].clauses}
            named, further = named + len(seen), further + len(more)
            apart, runs = apart + sum(more.values()), runs + bool(more)
            if more:
                words = [f"{one}, explained" if more[one] else one for one in more]
                breaks = ", ".join(FAULTS[fault].clauses)
                print(
                    f"{fault} breaks {breaks}; also said: {'; '.join(words)}",
                    flush=True,
                )
    print(
        f"{named} violated clauses in {len(given.faults or FAULTS)} runs; {further} of them, in "
        f"{runs} runs, are none that the fault breaks; {apart} of these the report explains by another"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The suite over two real SSH hosts: ``python conformance/benchmarks/two_hosts.py`` as root on Linux.

Four network namespaces stand for four machines: one that runs the command, two hosts with a
sshd each, one with the emulator and Redis. It is checked that

* two hosts come to the verdict of one machine, and find the same faults;
* walks that broke a clause are kept in Redis, and tried first by the next run, on either host;
* a host whose network goes, or whose processes die, leaves an incomplete run, never a green one, and
  what was found before is in the result;
* neither the token of the control protocol nor the password of Redis is written anywhere.

It needs root, ``ip`` (iproute2), ``sshd``, ``ssh``, ``ssh-keygen`` (openssh-server, openssh-client),
``redis-server`` and this package with its extras ``serve`` and ``hosts``; where one is missing it
says so and exits with 2. It exits with 1 when something is not as it should be. Everything that it
starts ends with it: namespaces, processes, files.
"""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab import CALLER, FIRST, LONGEST, SECOND, SERVICES, Lab, address

NEEDED = {
    "ip": "iproute2",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "redis-server": "redis-server",
}
FAULTS = {
    "security-lock-ignored": ("A3", "A2 or A3"),
    "second-success-ends-stopped": ("L3", "L3 or A3"),
    "neighbour-stopped": ("L9", "L9 or L3"),
    "foreign-instance-stopped": ("L9", "L9 or L3"),
    "replayed-nonce-accepted": ("U4", "U4 or A1"),
}
"""Faults, each with the clause that it breaks and the cases that are run besides the tour: few, since
each that fails is looked into with hundreds of requests."""
ACROSS = "foreign-instance-stopped"
"""It stops whatever instance of another account is there: also that of another process, whose redeploy
then ends wrongly, or not, as it happens."""


class NeedError(Exception):
    """What this needs is not there."""


def cases(stream: Path) -> list[Mapping[str, Any]]:
    """Return the cases of a stream so far."""
    if not stream.exists():
        return []
    whole = [
        one for one in stream.read_text().splitlines(keepends=True) if one[-1] == "\n"
    ]
    lines = [json.loads(one) for one in whole]
    return [one["report"] for one in lines if one["record"] == "case"]


def once(
    ready: Callable[[list[Mapping[str, Any]]], bool], act: Callable[[], None]
) -> Callable[[Path], None]:
    """Return what waits until a stream is so far, and then acts."""

    def wait(stream: Path) -> None:
        end = time.monotonic() + LONGEST / 2
        while not ready(cases(stream)):
            if time.monotonic() > end:
                raise SystemExit("the run did not come so far")
            time.sleep(0.1)
        act()

    return wait


class Checks:
    """What was expected and what came, told one by one."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.wrong = 0

    def that(self, what: str, expected: object, came: object) -> None:
        """Tell one comparison."""
        good = expected == came
        self.wrong += not good
        print(f"  {'ok   ' if good else 'WRONG'} {what}: {came}", flush=True)
        if not good:
            print(f"        expected {expected}", flush=True)


def same_verdict(lab: Lab, checks: Checks) -> None:
    """Compare one machine with two hosts, at a correct emulator and at broken ones."""
    with lab.serving() as target:
        one = lab.run(target, "-n", "2")
        two = lab.run(target, *lab.hosts())
    print("a correct emulator, all cases: two processes here, one on each of two hosts")
    checks.that("exit code here", 0, one.code)
    checks.that("exit code on two hosts", 0, two.code)
    checks.that("verdict", one.result["verdict"], two.result["verdict"])
    checks.that("clauses alike", True, one.required == two.required)
    checks.that("workers", 2, two.result["run"]["workers"])
    a, b = (ran.result["run"] for ran in (one, two))
    print(
        f"  cases {a['cases']} and {b['cases']}, requests {a['requests']} and {b['requests']}"
    )
    print("broken emulators, the tour and some cases")
    for fault, (clause, those) in FAULTS.items():
        only = ("-k", f"test_tour or {those}")
        with lab.serving("--fault", fault) as target:
            one = lab.run(target, "-n", "2", *only)
            two = lab.run(target, *lab.hosts(), *only)
        both = (clause in one.broken, clause in two.broken)
        checks.that(f"{fault}, {clause} blamed by both", (True, True), both)
        if fault != ACROSS:
            checks.that(f"{fault}, clauses blamed", one.broken, two.broken)
        checks.that(f"{fault}, exit codes", (1, 1), (one.code, two.code))


def shared_examples(lab: Lab, checks: Checks) -> None:
    """Let walks find a fault twice: the second time from what Redis holds.

    It is one that walks do not find at once: else what they find is reduced for longer than it is sought.
    """
    import redis  # noqa: F401  (what the extra is for; its absence was told before)

    print("walks alone, kept in Redis: a run, and one after it")
    with lab.serving("--fault", "success-puts-old-locks-back") as target:
        before = lab.run(target, *lab.hosts(), "-k", "walks")
        after = lab.run(target, *lab.hosts(), "-k", "walks")
    checks.that("clauses blamed", before.broken, after.broken)
    words = ("keys", "redeploy-conformance:*")
    auth = ("redis-cli", "-h", address(SERVICES), "--no-auth-warning")
    lab.env["REDISCLI_AUTH"] = lab.password
    held = lab.on(CALLER, *auth, *words).stdout.split()
    checks.that("keys of this suite in Redis", True, len(held) > 0)
    first, second = (ran.result["run"]["requests"] for ran in (before, after))
    checks.that(f"fewer requests than {first:,} before", True, second < first)
    print(f"  requests {first:,}, then {second:,}")


def dying_hosts(lab: Lab, checks: Checks) -> None:
    """Take a host away in the middle of a run, in two ways, and both at once."""
    seen: list[int] = []

    def pull() -> None:
        lab.cable(SECOND, "down")

    def kill() -> None:
        lab.end_all(SECOND)

    def kill_both() -> None:
        lab.end_all(FIRST)
        lab.end_all(SECOND)

    def far(so_far: list[Mapping[str, Any]]) -> bool:
        # What was not chosen is reported, too, and is no case that was run.
        done = sum(bool(one["steps"] or one["skipped"]) for one in so_far)
        seen.append(done)
        return done >= 40

    def found(so_far: list[Mapping[str, Any]]) -> bool:
        return any(one["findings"] for one in so_far)

    for what, act in (
        ("the second host's cable is pulled", pull),
        ("the second host's processes are killed", kill),
        ("the processes of both hosts are killed", kill_both),
    ):
        print(f"{what} after 40 cases")
        begun = time.monotonic()
        with lab.serving() as target:
            ran = lab.run(target, *lab.hosts(), meanwhile=once(far, act))
        checks.that("exit code", 3, ran.code)
        checks.that("verdict", "incomplete", ran.result["verdict"])
        checks.that("complete", False, ran.result["run"]["complete"])
        kept = ran.result["run"]["cases"]
        checks.that(
            f"kept {kept} cases, of at least {seen[-1]}", True, kept >= seen[-1]
        )
        told = [one["text"] for one in ran.result["problems"]]
        named = any(address(SECOND) in one for one in told)
        checks.that("the host is named", True, named)
        print(f"  {told[0] if told else 'no problem told'}")
        print(f"  ended {time.monotonic() - begun:.0f} s after it began")
        mend(lab)
    print("the second host's processes are killed once a violation was told")
    with lab.serving("--fault", "security-lock-ignored") as target:
        ran = lab.run(target, *lab.hosts(), meanwhile=once(found, kill))
    checks.that("exit code", 1, ran.code)
    checks.that("complete", False, ran.result["run"]["complete"])
    checks.that("blamed", ["A3"], ran.broken)
    mend(lab)


def mend(lab: Lab) -> None:
    """Bring both hosts back."""
    for machine in (FIRST, SECOND):
        lab.end_all(machine)
        lab.cable(machine, "up")
        lab.open_host(machine)


def no_secrets(lab: Lab, checks: Checks) -> None:
    """Look for both secrets in everything that was written."""
    files = [one for one in lab.folder.rglob("*") if one.is_file()]
    written = [one for one in files if one.name != "redis.conf"]
    held = [
        one.name
        for one in written
        for secret in (lab.token, lab.password)
        if secret.encode() in one.read_bytes()
    ]
    checks.that(f"files with a secret, of {len(written)}", [], held)


def need() -> None:
    """Make sure that everything is there.

    Raises:
        NeedError: something is not; the message says what would be right.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NeedError("network namespaces need Linux and root")
    missing = {package for tool, package in NEEDED.items() if not shutil.which(tool)}
    if missing:
        raise NeedError(f"missing: {', '.join(sorted(missing))} (names of Debian)")
    try:
        import redis  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        extras = "redeploy-conformance[serve,hosts]"
        raise NeedError(f"{error.name} is missing: install {extras}") from error


def main(wanted: Sequence[str]) -> int:
    """Do the parts that are wanted, all of them if none is named."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        need()
    except NeedError as error:
        print(f"two_hosts: {error}", file=sys.stderr)
        return 2
    parts = {
        "verdict": same_verdict,
        "examples": shared_examples,
        "dying": dying_hosts,
        "secrets": no_secrets,
    }
    unknown = set(wanted) - set(parts)
    if unknown:
        print(f"two_hosts: there are the parts {', '.join(parts)}", file=sys.stderr)
        return 2
    socket.setdefaulttimeout(30)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="two-hosts-") as folder:
        lab = Lab(Path(folder))
        with lab.stack:
            lab.build()
            lab.furnish()
            for machine in (FIRST, SECOND):
                lab.open_host(machine)
            lab.start_redis()
            for name, part in parts.items():
                if not wanted or name in wanted:
                    part(lab, checks)
    print(f"{checks.wrong} wrong" if checks.wrong else "all as it should be")
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import redeploy_conformance
import redeploy_reports
import redeploy_schemas
import redeploy_strategies

NEEDED = {
    "ip": "iproute2",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "redis-server": "redis-server",
}
COMMAND = Path(sysconfig.get_path("scripts")) / "redeploy-conformance"
PACKAGES = (
    redeploy_conformance,
    redeploy_reports,
    redeploy_schemas,
    redeploy_strategies,
)
NETWORK = "10.231.77"
CALLER, FIRST, SECOND, SERVICES = "caller", "first", "second", "services"
ADDRESSES = {CALLER: 1, FIRST: 2, SECOND: 3, SERVICES: 4}
FAULTS = {
    "security-lock-ignored": "A2 or A3",
    "second-success-ends-stopped": "L3 or A3",
    "neighbour-stopped": "L9 or L3",
    "foreign-instance-stopped": "L9 or L3",
    "replayed-nonce-accepted": "U4 or A1",
}
"""Faults, each with the cases that are run besides the tour: few, since each that fails is looked
into with hundreds of requests."""
LONGEST = 600
"""Seconds that one run may take."""


class NeedError(Exception):
    """What this needs is not there."""


@dataclass(frozen=True)
class Ran:
    """What one run came to."""

    code: int
    said: str
    result: dict[str, Any]

    @property
    def broken(self) -> list[str]:
        """The clauses that are violated."""
        rows = self.result["clauses"]
        return sorted(one["id"] for one in rows if one["verdict"] == "fail")

    @property
    def required(self) -> dict[str, str]:
        """The verdict of every clause that binds."""
        rows = self.result["clauses"]
        return {r["id"]: r["verdict"] for r in rows if r["strength"] != "open"}


class Lab:
    """The four machines, and what runs on them."""

    def __init__(self, folder: Path) -> None:
        """Lay everything out; nothing is started yet."""
        self.folder = folder
        self.mark = f"rc{os.getpid()}"
        self.stack = ExitStack()
        self.token, self.password = secrets.token_hex(16), secrets.token_hex(16)
        self.port = 8000
        self.env = {
            **os.environ,
            "CHECK_TOKEN": self.token,
            "REDEPLOY_EXAMPLES": f"redis://:{self.password}@{address(SERVICES)}:6379/0",
            "COLUMNS": "100",
        }

    def name(self, machine: str) -> str:
        """Return the name of a machine's namespace."""
        return f"{self.mark}-{machine}"

    def build(self) -> None:
        """Make the machines and the network between them."""
        for machine in ("network", *ADDRESSES):
            sh("ip", "netns", "add", self.name(machine))
            self.stack.callback(self.remove, machine)
        hub = self.name("network")
        sh("ip", "-n", hub, "link", "add", "bridge0", "type", "bridge")
        sh("ip", "-n", hub, "link", "set", "bridge0", "up")
        for machine, number in ADDRESSES.items():
            here = self.name(machine)
            pair = ("name", "eth0", "netns", here, "type", "veth")
            sh("ip", "link", "add", *pair, "peer", "name", machine, "netns", hub)
            sh("ip", "-n", hub, "link", "set", machine, "master", "bridge0", "up")
            place = f"{NETWORK}.{number}/24"
            sh("ip", "-n", here, "addr", "add", place, "dev", "eth0")
            for link in ("lo", "eth0"):
                sh("ip", "-n", here, "link", "set", link, "up")

    def remove(self, machine: str) -> None:
        """End what runs on a machine, and take it away."""
        self.end_all(machine)
        subprocess.run(["ip", "netns", "del", self.name(machine)], check=False)

    def end_all(self, machine: str) -> None:
        """Kill every process of a machine."""
        found = sh("ip", "netns", "pids", self.name(machine)).split()
        for pid in found:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def cable(self, machine: str, state: str) -> None:
        """Plug a machine's cable in (``up``), or pull it (``down``)."""
        sh("ip", "-n", self.name("network"), "link", "set", machine, state)

    def start(self, machine: str, *words: str) -> "subprocess.Popen[bytes]":
        """Start a process on a machine; it ends with this program at the latest."""
        log = (self.folder / "log.txt").open("ab")
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name(machine), *words],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
        )
        self.stack.callback(lambda: (process.kill(), process.wait(10), log.close()))
        return process

    def open_host(self, machine: str) -> None:
        """Start a sshd with the keys that the caller knows."""
        folder = self.folder / machine
        text = [
            f"ListenAddress {address(machine)}",
            f"HostKey {self.folder / 'host_key'}",
            f"AuthorizedKeysFile {self.folder / 'caller_key.pub'}",
            f"PidFile {folder / 'sshd.pid'}",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "StrictModes no",  # the folder of temporary files is open to all
            "UsePAM no",
        ]
        (folder / "sshd_config").write_text("\n".join(text) + "\n")
        sshd = str(shutil.which("sshd"))
        self.start(machine, sshd, "-D", "-e", "-f", str(folder / "sshd_config"))
        self.await_port(machine, 22)

    def furnish(self) -> None:
        """Make keys, give each host a Python, the second one an installation of its own."""
        for key in ("host_key", "caller_key"):
            words = ("-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key))
            sh("ssh-keygen", *words)
        public = " ".join((self.folder / "host_key.pub").read_text().split()[:2])
        known = [f"{address(one)} {public}" for one in (FIRST, SECOND)]
        (self.folder / "known_hosts").write_text("\n".join(known) + "\n")
        (self.folder / "ssh_config").write_text(
            f"IdentityFile {self.folder / 'caller_key'}\n"
            f"UserKnownHostsFile {self.folder / 'known_hosts'}\n"
            "GlobalKnownHostsFile /dev/null\n"
        )
        for machine in (FIRST, SECOND):
            folder = self.folder / machine
            (folder / "work").mkdir(parents=True)
            own = ""
            if machine == SECOND:
                own = f"PYTHONPATH={copied(folder / 'site')} "
            python = folder / "python"
            python.write_text(f'#!/bin/sh\n{own}exec {sys.executable} "$@"\n')
            python.chmod(0o755)
        made = Path("/run/sshd")  # sshd asks for it
        if not made.exists():
            made.mkdir(mode=0o755)
            self.stack.callback(made.rmdir)

    def start_redis(self) -> None:
        """Start a Redis that keeps nothing on disk."""
        config = self.folder / "redis.conf"
        config.write_text(
            f"bind {address(SERVICES)}\nport 6379\nrequirepass {self.password}\n"
            f'save ""\nappendonly no\ndir {self.folder}\n'
        )
        self.start(SERVICES, "redis-server", str(config))
        self.await_port(SERVICES, 6379)

    @contextmanager
    def serving(self, *words: str) -> Iterator[str]:
        """Serve an emulator; give the statement by which it is tested."""
        self.port += 1
        where = ("--host", address(SERVICES), "--port", str(self.port))
        token = ("--token-env", "CHECK_TOKEN")
        process = self.start(SERVICES, str(COMMAND), "serve", *where, *token, *words)
        self.await_port(SERVICES, self.port)
        path = self.folder / f"target-{self.port}.toml"
        path.write_text(
            f'[endpoint]\nurl = "http://{address(SERVICES)}:{self.port}"\n'
            'control_token_env = "CHECK_TOKEN"\n'
        )
        try:
            yield str(path)
        finally:
            process.terminate()
            process.wait(20)

    def await_port(self, machine: str, port: int) -> None:
        """Wait until the caller can connect; at most 30 s."""
        probe = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
        for _ in range(60):
            words = (sys.executable, "-c", probe, address(machine), str(port))
            if self.on(CALLER, *words).returncode == 0:
                return
            time.sleep(0.5)
        log = (self.folder / "log.txt").read_text(errors="replace")
        raise SystemExit(f"nothing listens on port {port} of {machine}:\n{log[-2000:]}")

    def on(self, machine: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on a machine."""
        return subprocess.run(
            ["ip", "netns", "exec", self.name(machine), *words],
            env=self.env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LONGEST,
        )

    def hosts(self) -> tuple[str, ...]:
        """Return the options that name both hosts."""
        return tuple(
            f"--tx=ssh=root@{address(one)}//ssh_config={self.folder / 'ssh_config'}"
            f"//python={self.folder / one / 'python'}//chdir={self.folder / one / 'work'}"
            for one in (FIRST, SECOND)
        )

    def run(
        self,
        target: str,
        *words: str,
        meanwhile: Callable[[Path], None] | None = None,
    ) -> Ran:
        """Run the suite from the caller's machine; ``meanwhile`` is given its stream."""
        number = len(list(self.folder.glob("out-*.txt"))) + 1
        stem = str(self.folder / f"run-{number}")
        out = self.folder / f"out-{number}.txt"
        outputs = ("--result", f"{stem}.json", "--stream", f"{stem}.ndjson")
        command = (str(COMMAND), "run", target, "--burst", *outputs, *words)
        with out.open("wb") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name(CALLER), *command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
            try:
                if meanwhile is not None:
                    meanwhile(Path(f"{stem}.ndjson"))
                code = process.wait(LONGEST)
            finally:
                process.kill()
                process.wait(10)
        said = out.read_text(errors="replace")
        path = Path(f"{stem}.json")
        if not path.exists():
            raise SystemExit(f"no result came of {' '.join(command)}:\n{said[-3000:]}")
        return Ran(code, said, json.loads(path.read_text()))


def address(machine: str) -> str:
    """Return the address of a machine."""
    return f"{NETWORK}.{ADDRESSES[machine]}"


def sh(*words: str) -> str:
    """Run a command that must succeed."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def copied(site: Path) -> Path:
    """Copy this package to a place of its own, as an installation there would."""
    for package in PACKAGES:
        here = Path(str(package.__file__)).parent
        shutil.copytree(
            here, site / here.name, ignore=lambda _, n: {"__pycache__"} & {*n}
        )
    info = Path(str(distribution("redeploy-conformance").locate_file(""))) / str(
        next(
            one.parent
            for one in distribution("redeploy-conformance").files or ()
            if one.name == "METADATA"
        )
    )
    shutil.copytree(info, site / info.name)
    return site


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
    for fault, those in FAULTS.items():
        only = ("-k", f"test_tour or {those}")
        with lab.serving("--fault", fault) as target:
            one = lab.run(target, "-n", "2", *only)
            two = lab.run(target, *lab.hosts(), *only)
        checks.that(f"{fault}, clauses blamed", one.broken, two.broken)
        checks.that(f"{fault}, exit codes", (1, 1), (one.code, two.code))


def shared_examples(lab: Lab, checks: Checks) -> None:
    """Let walks find a fault twice: the second time from what Redis holds."""
    import redis  # noqa: F401  (what the extra is for; its absence was told before)

    print("walks alone, kept in Redis: a run, and one after it")
    with lab.serving("--fault", "second-success-ends-stopped") as target:
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
        seen.append(len(so_far))
        return len(so_far) >= 40

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

"""Four machines of network namespaces: a caller, two hosts with a sshd each, one with what they share.

Everything that is started here ends with it: namespaces, processes, files.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import redeploy_conformance
import redeploy_reports
import redeploy_schemas
import redeploy_strategies

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
LONGEST = 600
"""Seconds that one run may take."""


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

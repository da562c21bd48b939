"""Runs over several hosts: workers of pytest-xdist behind ssh, each with the suite installed.

Nothing is copied there but what a worker must know and cannot find: the conformance statement, the
authorities that it names, and the environment variable that it names. They go through the
connection, never over a command line.
"""

import atexit
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tomlkit

from redeploy_conformance.nearness import is_loopback
from redeploy_conformance.plugin.run import ROOT
from redeploy_conformance.results.verdict import SUITE
from redeploy_reports.clean import clean
from redeploy_schemas.contract import load
from redeploy_schemas.reading import read_toml
from redeploy_schemas.vocabulary import RunVerdict

if TYPE_CHECKING:
    from redeploy_conformance.plugin.run import Reporter

FOLDER = "redeploy-conformance-worker"
"""Where workers stand, below the home of their user: empty, so that nothing there is imported."""
CONNECTION = (
    ("BatchMode", "yes"),  # there is nobody to answer a question
    ("ConnectTimeout", "10"),
    ("ServerAliveInterval", "5"),  # a host that is gone is noticed, within seconds
    ("ServerAliveCountMax", "3"),
)
"""What ssh is told; a spec that says otherwise comes first and counts."""
PATIENCE = 60.0
"""Seconds for a host to say what is installed there."""
ASK = """\
import importlib.metadata, json, pathlib
import redeploy_conformance
from redeploy_schemas.contract import load
print(json.dumps([importlib.metadata.version("redeploy-conformance"), load().sha256, \
str(pathlib.Path(redeploy_conformance.__file__).parent)]))
"""


class HostError(Exception):
    """A host cannot take part; the message says which and why, ``verdict`` how the run ends."""

    def __init__(self, text: str, verdict: RunVerdict = RunVerdict.WRONG_USAGE) -> None:
        """Take the sentence."""
        super().__init__(text)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Luggage:
    """What goes along to a remote worker besides the options.

    ``hosts`` is the number of machines, ``statement`` the target's, ``authorities`` those that it
    names, ``env`` the value of the environment variable that it names.
    """

    hosts: int
    statement: str | None = None
    authorities: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)


def set_out(specs: Sequence[Any], target: str, examples: str) -> Luggage | None:
    """Prepare the connections before any is made; return what goes along, if any host is remote.

    Raises:
        HostError: a host cannot be reached, or has not the same suite, or the run makes no sense
            there.
    """
    remote = [spec for spec in specs if spec.ssh]
    if not remote:
        return None
    luggage = pack(target, len({spec.ssh or "" for spec in specs}))
    _refuse_loopback("the target", _address(target, luggage))
    _refuse_loopback("the example database", examples)
    for spec in remote:
        spec.ssh = with_options(spec.ssh)
        if (
            spec.chdir == "pyexecnetcache"
        ):  # what pytest-xdist says where a user says nothing
            spec.chdir = FOLDER
    distinct = {(one.ssh, one.python, one.ssh_config): one for one in remote}
    with ThreadPoolExecutor(len(distinct)) as pool:
        roots = dict(zip(distinct, pool.map(ask, distinct.values()), strict=True))
    for spec in remote:
        spec.env[ROOT] = roots[spec.ssh, spec.python, spec.ssh_config]
    return luggage


def pack(target: str, hosts: int) -> Luggage:
    """Return what of a statement must go along; nothing for other targets.

    Raises:
        HostError: it is no statement, or a file that it names is not there.
    """
    path = Path(target)
    if "://" in target or not path.is_file():
        return Luggage(hosts)
    try:
        text = path.read_text("utf-8")
        document = read_toml(text)
    except (OSError, ValueError) as error:
        raise HostError(f"{target} is not a TOML file: {error}") from error
    endpoint = document.get("endpoint", {})
    token = endpoint.get("control_token_env")
    env = {token: os.environ[token]} if token in os.environ else {}
    authorities = endpoint.get("ca_file")
    try:
        pem = None if authorities is None else Path(authorities).read_text("utf-8")
    except OSError as error:
        raise HostError(f"{authorities}: {error.strerror or error}") from error
    return Luggage(hosts, text, pem, env)


def arrive(luggage: Mapping[str, Any], reporter: "Reporter") -> None:
    """Unpack in a worker, and say where things are on this host."""
    reporter.hosts = luggage["hosts"]
    if not luggage["remote"]:
        return
    os.environ.update(luggage["env"])
    folder = Path(tempfile.mkdtemp(prefix="redeploy-conformance-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if reporter.trace_path:
        reporter.trace_path = str(folder / "trace.ndjson")
        reporter.handed_over = folder
    text = luggage["statement"]
    if text is None:
        return
    document = tomlkit.parse(text)
    if luggage["authorities"] is not None:
        pem = folder / "authorities.pem"
        pem.write_text(luggage["authorities"], "utf-8")
        document["endpoint"]["ca_file"] = str(pem)
    place = folder / "statement.toml"
    place.write_text(tomlkit.dumps(document), "utf-8")
    reporter.target_place = str(place)


def with_options(destination: str) -> str:
    """Return what ssh is given: a destination with its options, and ours where it has none."""
    mine = [
        f"-o {name}={value}" for name, value in CONNECTION if name not in destination
    ]
    return " ".join([destination, *mine])


def called(spec: Any) -> str:
    """Return what a host is called in messages."""
    return str(spec.ssh).partition(" -o ")[0]


def ask(spec: Any) -> str:
    """Return where the suite is installed on a host.

    Raises:
        HostError: it cannot be reached, has no such Python, no suite, or another one.
    """
    python = spec.python or "python"
    config = ["-F", str(spec.ssh_config)] if spec.ssh_config else []
    words = ["ssh", *config, *spec.ssh.split(), f"{python} -c {shlex.quote(ASK)}"]
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise HostError("there is no ssh on this machine") from error
    except subprocess.TimeoutExpired as error:
        text = f"{called(spec)} did not answer within {PATIENCE:g} s"
        raise HostError(text, RunVerdict.UNREACHABLE) from error
    said = clean((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    if done.returncode == 255:
        text = f"{called(spec)} cannot be reached: {said}"
        raise HostError(text, RunVerdict.UNREACHABLE)
    if done.returncode in (126, 127):
        raise HostError(
            f"{called(spec)} has no {python}; name one with //python=PATH ({said})"
        )
    if done.returncode:
        raise HostError(
            f"{called(spec)}: the suite cannot be loaded by {python} there: {said}"
        )
    try:
        suite, contract, root = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise HostError(f"{called(spec)}: {python} said nothing of use") from error
    here = (version(SUITE), load().sha256)
    if (suite, contract) != here:
        raise HostError(
            f"{called(spec)} has {SUITE} {suite} with contract {contract[:12]}, here it is "
            f"{here[0]} with {here[1][:12]}; install the same there"
        )
    return str(root)


def _address(target: str, luggage: Luggage) -> str:
    """Return the URL of a target, if it has one."""
    if luggage.statement is None:
        return target if "://" in target else ""
    return str(tomllib.loads(luggage.statement).get("endpoint", {}).get("url", ""))


def _refuse_loopback(what: str, url: str) -> None:
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        raise HostError(
            f"{what} is at {host}, which is another machine on each host; give an address "
            "that all of them reach"
        )


def hand_over(output: dict[str, Any], folder: Path) -> None:
    """Put a worker's part of the trace with what it sends to the controller at its end."""
    for path in folder.glob("trace.ndjson*"):
        output["redeploy_trace"] = zlib.compress(path.read_bytes())


def taken_over(data: bytes, path: Path) -> None:
    """Write down a part of the trace that a worker on another host sent."""
    path.write_bytes(zlib.decompress(data))


def remote(specs: Iterable[str]) -> bool:
    """Return whether some of what ``--tx`` names is behind ssh."""
    return any("ssh=" in one for one in specs)

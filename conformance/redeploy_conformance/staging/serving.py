"""A double of an account for trying things out by hand: served over TLS with an authority of its own.

What whoever uses it needs goes into a folder: the authority, a conformance statement, and a file
with the key for the shell.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redeploy_conformance.emulator.request import read_call
from redeploy_conformance.emulator.serve import ServeError, serve
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.extras import to_install
from redeploy_conformance.staging.double import SLOW, Double, Weather
from redeploy_conformance.staging.requests import READS
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_reports.phrases import count

TAG = ("purpose", "redeploy-tests")
EVENT = ("SystemMaintenance.Reboot", "Scheduled")
NOTICE = 30 * 86400.0
"""Seconds until the provider may begin with it: no run is at work for so long."""
REAL = {"stopping_seconds": 60.0, "stopped_seconds": 10.0, "starting_seconds": 80.0}
"""How long the legs of a redeploy take, before time is shortened."""
MARGIN = 5.0
"""Seconds that a redeploy may take longer than its legs, however short time is."""


class FolderError(Exception):
    """A folder cannot be written; one sentence says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the account is like: how many instances, how fast time goes by, what befalls calls.

    Without ``accepting`` a call on an instance without an event is refused. With ``events`` each
    instance has one that a redeploy responds to; with ``local_disks`` the last one has local disks.
    """

    instances: int = 2
    speed: float = 60.0
    accepting: bool = True
    events: bool = False
    local_disks: bool = False
    weather: Weather = field(default_factory=Weather)
    seed: int = 0


class Told(Double):
    """A double that tells of each call that changes something."""

    tell: Callable[[str], None] = staticmethod(lambda line: None)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer, and tell of it."""
        call = read_call(request)
        words = f"{call.action} {call.params.get('InstanceId') or ''}".strip()
        told = call.action and call.action not in READS
        try:
            answer = super().handle(request)
        except Exception as error:
            if told:
                self.tell(f"{words}: no answer ({type(error).__name__})")
            raise
        if told:
            code = (decode_answer(answer).fields or {}).get("Code", "")
            self.tell(f"{words}: {answer.status} {code}".rstrip())
        return answer


def made(setting: Setting) -> Told:
    """Return the account: every other instance is Stopped, and one is nobody's business."""
    choice = "accept" if setting.accepting else "refuse"
    double = Told(
        Settings(no_event=choice, simulated_only=choice, **REAL),  # type: ignore[arg-type]
        time_scale=setting.speed,
        weather=setting.weather,
        seed=setting.seed,
    )
    for n in range(setting.instances):
        one = double.put("Stopped" if n % 2 else "Running", dict([TAG]))
        if setting.events:
            event = double.world.add_event(one, *EVENT)
            clock = double.world.clock
            event.not_before = clock.stamp(clock.now + NOTICE)
        if setting.local_disks and n == setting.instances - 1:
            one.storage, one.local_disk = "local", "healthy"
    double.put("Running", {"purpose": "production"})
    return double


def state(double: Double) -> list[str]:
    """Return what the account looks like now, a line for each instance."""
    with double.world.lock:
        double.world.clock.settle()
        return [
            ", ".join(
                [
                    f"{one.instance_id} {one.status}",
                    *(f"{key}={value}" for key, value in one.tags.items()),
                    count(one.redeploys, "redeploy"),
                    *(
                        f"{event.event_type} {event.status}"
                        for event in one.events.values()
                        if event.open
                    ),
                    *(["local disks"] if one.storage == "local" else []),
                ]
            )
            for one in double.account.instances.values()
        ]


def bound(setting: Setting) -> float:
    """Return the seconds after which a redeploy has ended, slow ones too."""
    longest = sum(REAL.values()) * (SLOW if setting.weather.slow else 1.0)
    return round(longest / setting.speed + MARGIN, 1)


def serve_double(
    double: Told, setting: Setting, folder: Path, port: int, tell: Callable[[str], None]
) -> None:
    """Serve an account until the process is told to stop.

    Raises:
        FolderError: what whoever uses it needs cannot be written.
        ServeError: a package that it needs is not installed, or the port is taken.
    """
    try:
        import trustme
    except ImportError as error:
        raise ServeError(
            f"the double's own authority is made by trustme; {to_install('double')}"
        ) from error
    authority, lock = trustme.CA(), threading.Lock()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    own = folder / "server.pem"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        own.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(own))

    def said(line: str) -> None:
        with lock:
            tell(line)

    def ready(url: str) -> None:
        with _writing(folder):
            _write(double, setting, folder, url)
        fast = f"{setting.speed:g} times as fast as real time"
        said(f"serving on {url}, {'in real time' if setting.speed == 1 else fast}:")
        for line in state(double):
            said(f"  {line}")
        file, tag = folder / "account.toml", "=".join(TAG)
        said("")
        said("use it from another terminal:")
        said(f"  . {folder / 'key.env'}")
        said(f"  redeploy-conformance doctor {file}")
        limits = f"--tag {tag} --redeploys 30 --minutes 120 --poll 0.3"
        for word in ("plan", "stage"):
            said(f"  redeploy-conformance {word} {file} {limits}")
        said("")

    double.tell = said
    serve(double, port=port, ready=ready, ssl_certfile=own, ssl_keyfile=own)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at, why = error.filename or folder, error.strerror or error
        raise FolderError(
            f"the folder {folder} cannot be used ({at}: {why}); name another with --folder"
        ) from error


def _write(double: Double, setting: Setting, folder: Path, url: str) -> None:
    (folder / "account.toml").write_text(
        f"""[implementation]
name = "a double of an account"

[endpoint]
url = "{url}"
region = "{double.settings.region}"
ca_file = "{(folder / "ca.pem").absolute()}"

[bounds]
redeploy_seconds = {bound(setting)}
read_lag_seconds = 0

[choices]
L13 = "listed"
""",
        "utf-8",
    )
    file = folder / "key.env"
    file.touch(mode=0o600)
    file.write_text(
        f"export ALIBABA_CLOUD_ACCESS_KEY_ID={double.key.access_key_id}\n"
        f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={double.key.secret}\n",
        "utf-8",
    )

"""Cases about what is sent (C1, C2) and to whom (C8)."""

from collections.abc import Iterator, Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING

from redeploy_conformance.certify.case import (
    ELSEWHERE,
    MAIN,
    OTHER,
    Case,
    Expectation,
    Scripts,
    answers,
)
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.drawn import drawn
from redeploy_conformance.certify.expectations import Broken, Redirected, Untrusted
from redeploy_conformance.certify.replies import (
    Answer,
    Script,
    error,
    http,
    success,
)
from redeploy_conformance.certify.server import PLAIN, Role
from redeploy_strategies import clients

if TYPE_CHECKING:
    from redeploy_conformance.certify.tls import Certificates

IDS = {
    "space": "i-a b",
    "plus": "i-a+b",
    "star": "i-a*b",
    "tilde": "i-a~b",
    "percent": "i-a%b",
    "percent-encoded": "i-a%2Bb",
    "ampersand": "i-a&b",
    "equals": "i-a=b",
    "slash": "i-a/b",
    "question-mark": "i-a?b",
    "hash": "i-a#b",
    "semicolon": "i-a;b",
    "comma": "i-a,b",
    "quotes": "i-a\"b'c",
    "brackets": "i-a(b)[c]{d}!",
    "backslash": "i-a\\b",
    "upper-case": "i-BP1AZKTTQPLDXGTEDCBA",
    "latin": "i-é",
    "chinese": "i-实例",
    "emoji": "i-😀",
    "combining": "i-e\u0301",
    "blanks-around": " i-ab ",
    "no-break-space": "i-a\u00a0b",
    "zero-width": "i-a\u200bb",
    "long": "i-" + "0123456789" * 25,
}
"""InstanceIds that are hard to encode, by what is hard."""

PAUSE = 2.1
"""Seconds between two calls whose times must differ, though they are written in whole seconds, and
a clock may tick every other one."""

FORCES: dict[str, bool | None] = {"true": True, "false": False, "absent": None}


def requests(seed: int, count: int) -> Iterator[Case]:
    """Yield calls whose parameters must arrive as they are, each with a nonce of its own."""
    for name, force in FORCES.items():
        yield Case(
            f"force-stop/{name}",
            "C1",
            OURS,
            answers(success()),
            force_stop=force,
            once=True,
        )
    for name, instance_id in IDS.items():
        yield _id(name, instance_id)
    for number, text in enumerate(drawn(clients.instance_ids(), count, seed), 1):
        yield _id(f"drawn-{number}", text)
    for name, restart in (("one-process", False), ("two-processes", True)):
        yield Case(
            f"nonce/{name}",
            "C2",
            OURS,
            answers(success()),
            once=True,
            calls=2,
            restart=restart,
        )

    yield Case(
        "time/goes-on",
        "C2",
        OURS,
        answers(success()),
        once=True,
        calls=2,
        pause=PAUSE,
        slow=True,
    )


def _id(name: str, instance_id: str) -> Case:
    """Return the case of an id; a library may refuse one before it sends anything."""
    return Case(
        f"id/{name}",
        "C1",
        OURS,
        answers(success()),
        instance_id=instance_id,
        once=True,
        needed=False,
    )


def redirects() -> Iterator[Case]:
    """Yield redirects to the same server, to another one, and around in a circle."""
    two = {MAIN: PLAIN, OTHER: Role(host="localhost")}
    for status in (300, 301, 302, 303, 307, 308):
        yield _redirect(f"{status}-same-host", _same(status), {MAIN: PLAIN})
        yield _redirect(f"{status}-other-host", _other(status), two)
    for status in (302, 307):
        yield _redirect(f"{status}-in-a-circle", _circle(status), {MAIN: PLAIN})


def _redirect(name: str, scripts: Scripts, roles: Mapping[str, Role]) -> Case:
    return Case(f"redirect/{name}", "C8", Redirected(), scripts, roles)


def _leads(status: int, to: str) -> Answer:
    return Answer(http(status, "", "text/html", (("location", to),)))


def _same(status: int) -> Scripts:
    def make(_: Mapping[str, str]) -> Mapping[str, Script]:
        there = {ELSEWHERE: success()}
        return {MAIN: Script((_leads(status, ELSEWHERE),), there)}

    return make


def _other(status: int) -> Scripts:
    def make(addresses: Mapping[str, str]) -> Mapping[str, Script]:
        to = f"{addresses[OTHER]}{ELSEWHERE}"
        return {MAIN: Script((_leads(status, to),)), OTHER: Script((success(),))}

    return make


def _circle(status: int) -> Scripts:
    def make(_: Mapping[str, str]) -> Mapping[str, Script]:
        again = _leads(status, ELSEWHERE)
        return {MAIN: Script((again,), {ELSEWHERE: again})}

    return make


def proxy() -> Iterator[Case]:
    """Yield a call that fails where the environment names a proxy, whether that is used or not."""

    def make(_: Mapping[str, str]) -> Mapping[str, Script]:
        return {MAIN: Script((Answer(reset=True),)), OTHER: Script((Answer(),))}

    yield Case(
        "proxy/of-no-use",
        "C8",
        Broken(),
        make,
        {MAIN: PLAIN, OTHER: PLAIN},
        needed=False,
        proxied=True,
    )


def trust(certificates: "Certificates | str") -> Iterator[Case]:
    """Yield servers behind TLS, to be trusted and not; a text says why there are none."""
    if isinstance(certificates, str):
        made, impossible, file = None, certificates, None
    else:
        made, impossible, file = certificates, None, str(certificates.authority)
    contexts: tuple[tuple[str, Expectation, SSLContext | None, bool], ...] = (
        ("trusted", OURS, made.trusted if made else None, True),
        ("self-signed", Untrusted(), made.self_signed if made else None, False),
        ("unknown-authority", Untrusted(), made.unknown if made else None, False),
        ("unknown-beside-known", Untrusted(), made.unknown if made else None, True),
        ("another-name", Untrusted(), made.elsewhere if made else None, True),
        ("expired", Untrusted(), made.expired if made else None, True),
        ("no-handshake", Untrusted(), None, False),
    )
    secured = Role(https=True, tls=made.trusted if made else None)
    for name, answer in (
        ("cut-when-read", Answer(reset=True)),
        ("unavailable", error(503, "ServiceUnavailable", "Try again.")),
    ):
        yield Case(
            f"tls/{name}",
            "C5",
            Broken(),
            answers(answer),
            {MAIN: secured},
            once=True,
            needed=False,
            ca_file=file,
            impossible=impossible,
        )
    for status in (302, 307):
        yield Case(
            f"redirect/{status}-to-https",
            "C8",
            Redirected(),
            _other(status),
            {MAIN: PLAIN, OTHER: secured},
            needed=False,
            ca_file=file,
            impossible=impossible,
        )
    for name, what, context, handed in contexts:
        good = name == "trusted"
        yield Case(
            f"tls/{name}",
            "C3" if good else "C8",
            what,
            answers(success()),
            {MAIN: Role(https=True, tls=context)},
            once=good,
            needed=not handed,
            reaches=good,
            ca_file=file if handed else None,
            impossible=impossible if name != "no-handshake" else None,
        )

"""Cases with an answer that is none, or whose outcome stays unknown (C5, C7)."""

import json
from collections.abc import Iterator

from redeploy_conformance.certify.case import (
    MAIN,
    SHORT,
    SHORT_LIMIT,
    Case,
    answers,
)
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.drawn import drawn
from redeploy_conformance.certify.expectations import (
    Broken,
    Late,
    Misplaced,
    Option,
    Unusual,
)
from redeploy_conformance.certify.replies import (
    Answer,
    accepted,
    chunk,
    error,
    http,
    refused,
    success,
    xml_accepted,
    xml_error,
)
from redeploy_conformance.certify.server import SHUT
from redeploy_schemas.contract import Contract
from redeploy_strategies import clients

HTML = "text/html; charset=utf-8"
XML = "text/xml;charset=utf-8"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
LONG = 8 << 20
"""Bytes of a very long answer."""

MISSING = 1000
"""Bytes that are announced and never come, behind a document that is whole."""

DEEP = 100_000
"""Brackets that open and never close."""


def broken(contract: Contract, seed: int, count: int) -> Iterator[Case]:
    """Yield answers that are malformed, truncated, empty, too long, or not JSON."""
    body = accepted()
    at = body.index("example")
    forms = {
        "empty": http(200, ""),
        "blanks": http(200, "  \r\n"),
        "html-at-200": http(200, PAGE, HTML),
        "text-at-200": http(200, "OK", "text/plain"),
        "array": http(200, "[]"),
        "null": http(200, "null"),
        "text-in-json": http(200, '"accepted"'),
        "ids-in-an-array": http(200, f"[{body}]"),
        "ids-in-a-text": http(200, json.dumps(body)),
        "empty-at-204": http(204, ""),
        "empty-at-304": http(304, ""),
        "number": http(200, "42"),
        "cut-within-an-id": http(200, body[:at]),
        "cut-before-the-end": http(200, body[:-1]),
        "two-documents": http(200, "{}" + body),
        "a-document-and-more": http(200, body + "{}"),
        "junk-around-a-document": http(200, f"<!-- {body} -->"),
        "deep": http(200, "[" * DEEP),
        "long-junk": http(200, b"x" * LONG),
        "not-gzip": http(200, b"\x00rubbish", headers=(("content-encoding", "gzip"),)),
        "not-http": b"rubbish without a status line\r\n\r\n" + body.encode(),
        "shorter-than-announced": http(200, body + " " * MISSING)[:-MISSING],
        "no-last-chunk": _chunks_begin() + chunk(body.encode()),
        "ids-at-500": http(500, body),
        "html-at-502": http(502, PAGE, HTML),
        "html-at-504": http(504, PAGE, HTML),
        "empty-at-503": http(503, ""),
    }
    for row in contract.errors:
        if row.code in ("IncorrectInstanceStatus", "InternalError"):
            text = refused(row.code, row.message)
            forms[f"{row.code}-at-200"] = http(200, text)
    for name, data in forms.items():
        yield _broken(name, Answer(data), once=True)
    within = Answer(http(200, f'{{"Data": {body}}}'))
    other = Misplaced(OURS, "within Data")
    yield Case("broken/ids-within-data", "C7", other, answers(within), once=True)
    for name, data in {
        "no-code-at-403": http(403, refused(None, "Forbidden")),
        "no-code-at-400": http(400, refused(None, "Bad request")),
        "ids-at-403": http(403, body),
        "empty-object-at-403": http(403, "{}"),
        "empty-at-403": http(403, ""),
        "html-at-403": http(403, PAGE, HTML),
        "array-at-403": http(403, "[]"),
    }.items():
        yield _broken(name, Answer(data), once=False)
    for number, share in enumerate(drawn(clients.shares(), count, seed), 1):
        short = body[: max(1, int(len(body) * share))]
        yield _broken(f"cut-drawn-{number}", Answer(http(200, short)), once=True)
    yield from _other_forms()


def _chunks_begin() -> bytes:
    """Return the head of an answer in chunks."""
    return http(200, b"", framing="chunks").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _broken(name: str, answer: Answer, once: bool) -> Case:
    return Case(f"broken/{name}", "C7", Broken(), answers(answer), once=once)


def _other_forms() -> Iterator[Case]:
    """Yield what a client may understand: the form is wrong, what it says is right."""
    row = ("IncorrectInstanceStatus", "The current status does not support this.")
    for name, form, clause, data in (
        ("xml", "XML", "C7", http(200, xml_accepted(), XML)),
        ("json-as-html", "JSON as text/html", "C3", http(200, accepted(), HTML)),
        ("json-without-type", "JSON without a type", "C3", http(200, accepted(), None)),
        ("long-json", "8 MiB", "C3", http(200, accepted(Extra="x" * LONG))),
    ):
        yield Case(
            f"unusual/{name}",
            "C7g",
            Unusual(OURS, form, clause),
            answers(Answer(data)),
            once=True,
        )
    for name, form, data in (
        ("xml-error", "XML error", http(403, xml_error(*row), XML)),
        ("error-as-html", "error as text/html", http(403, refused(*row), HTML)),
    ):
        case = Broken(form, row[0])
        yield Case(f"unusual/{name}", "C7g", case, answers(Answer(data)))


def unknown() -> Iterator[Case]:
    """Yield calls of which nobody knows what became of them: late, cut, half answered."""
    whole = success().whole
    head, _, body = whole.partition(b"\r\n\r\n")
    half = (len(head) + 4 + len(body) // 2) / len(whole)
    stays = Answer(http(200, accepted(), stay=True), stay=True)
    closed = Answer(reset=True)
    # Some clients take what is forced for what may be sent again.
    for name, given, force in (
        ("reset-unread", Answer(unread=True), None),
        ("reset-when-read", closed, True),
        ("closed-when-read", Answer(), None),
        ("closed-within-headers", Answer(whole, keep=0.15), True),
        ("closed-half-way", Answer(whole, keep=half), True),
        ("reset-half-way", Answer(whole, keep=half, reset=True), None),
        ("chunks-without-end", Answer(_chunks_begin() + chunk(body[:-3])), None),
    ):
        yield Case(
            f"unknown/{name}",
            "C5",
            Broken(),
            answers(given),
            force_stop=force,
            once=True,
        )
    yield Case(
        "unknown/nobody-listens",
        "C7",
        Broken(),
        answers(Answer()),
        {MAIN: SHUT},
        once=True,
        reaches=False,
    )
    for name, last in (("closed", Answer()), ("reset", closed)):
        yield Case(
            f"unknown/kept-connection-{name}",
            "C5",
            Broken(),
            answers(stays, last),
            once=True,
            calls=2,
        )
    for name, expected, answer in (
        ("late", Late(OURS), Answer(whole, late=2.5 * SHORT)),
        ("never", Broken(), Answer(whole, late=2 * SHORT_LIMIT)),
        (
            "without-end",
            Broken(),
            Answer(http(200, '{"Extra": "', framing="close"), endless=b"x" * 4096),
        ),
        (
            "rest-never-comes",
            Broken(),
            Answer(http(200, accepted() + " " * LONG)[:-LONG], endless=b" "),
        ),
        (
            "headers-without-end",
            Broken(),
            Answer(b"HTTP/1.1 200 Said\r\n", endless=b"x-more: and more\r\n"),
        ),
    ):
        yield Case(
            f"unknown/{name}",
            "C7" if answer.endless else "C5",
            expected,
            answers(answer),
            once=True,
            slow=True,
            deadline=SHORT,
            limit=SHORT_LIMIT,
        )


ATTEMPTS = 3
"""How often a library is asked to send a call at most."""


def options() -> Iterator[Case]:
    """Yield failures for which the library was asked, by its own option, to send the call again."""
    for name, answer in (
        ("500 InternalError", error(500, "InternalError", "Try again.")),
        ("503 ServiceUnavailable", error(503, "ServiceUnavailable", "Try again.")),
        ("a cut connection", Answer(reset=True)),
    ):
        yield Case(
            f"option/attempts-at-{name.split()[0]}",
            "C5o",
            Option(name, ATTEMPTS),
            answers(answer),
            needed=False,
            attempts=ATTEMPTS,
        )

"""Whether an account can be used at all: found out with looks alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TypeAlias

from redeploy_conformance.redact import scrubbed
from redeploy_conformance.staging.access import StagingApi, Wallet
from redeploy_conformance.staging.requests import DELETE, LAUNCH, READS, WRITES
from redeploy_conformance.targets.base import (
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.signing import build_request

WINDOW = 900.0
"""Seconds by which a signature's time may be off before it is refused."""
WORRYING = 60.0
REGION_CODES = ("InvalidRegionId.NotFound", "InvalidParameter.RegionId")


class Sign(Enum):
    """How a point stands; ``SILENT`` where nothing of use answers."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"
    SILENT = "silent"


Point: TypeAlias = tuple[Sign, str]
"""How a point stands, and a sentence on it."""


def examine(api: StagingApi, transport: Transport, wallet: Wallet) -> Iterator[Point]:
    """Yield point after point; ends where nothing more can be told."""
    token = wallet().security_token
    yield Sign.OK, f"a key was found{', a temporary one' if token else ''}"
    request = build_request(
        [("RegionId", api.region)],
        action="DescribeInstances",
        credentials=wallet(),
        host=api.host,
    )
    try:
        answer = transport.send(request, api.target.statement.answer_seconds)
    except (UnreachableError, UnansweredError) as error:
        yield Sign.SILENT, f"the endpoint does not answer: {error}"
        return
    decoded = decode_answer(answer)
    if decoded.fields is None or "RequestId" not in decoded.fields:
        yield (
            Sign.SILENT,
            f"the endpoint does not speak the ECS wire protocol: {decoded.problem}",
        )
        return
    yield Sign.OK, f"the endpoint answers: {api.target.statement.url}"
    yield _clock(dict(answer.headers).get("date"))
    code = decoded.fields.get("Code")
    known = code not in REGION_CODES
    text = f"the region is {api.region}"
    yield (Sign.OK, text) if known else (Sign.FAIL, f"{text}, which is not known there")
    for action in READS:
        yield _allowed(api, wallet, action)
    needed = [f"ecs:{one}" for one in WRITES if one not in (LAUNCH, DELETE)]
    yield (
        Sign.NOTE,
        f"a run also needs {', '.join(needed)}, and with --launch ecs:{LAUNCH} and "
        f"ecs:{DELETE}: whether the key may cannot be asked without doing it",
    )


def _clock(text: str | None) -> Point:
    if text is None:
        return Sign.FAIL, "the answer has no Date, so that the clock cannot be compared"
    try:
        theirs = parsedate_to_datetime(text)
    except ValueError:
        return Sign.FAIL, f"the answer's Date is no date: {text!r}"
    off = abs((datetime.now(UTC) - theirs).total_seconds())
    if off > WINDOW:
        return (
            Sign.FAIL,
            f"this clock is {off:.0f} s off: signatures are refused beyond {WINDOW:.0f} s",
        )
    if off > WORRYING:
        return (
            Sign.NOTE,
            f"this clock is {off:.0f} s off, which signatures only just bear",
        )
    return Sign.OK, f"the clock is right to {max(off, 1.0):.0f} s"


def _allowed(api: StagingApi, wallet: Wallet, action: str) -> Point:
    try:
        answer = api.call(action, [("RegionId", api.region)], wallet())
    except (UnreachableError, UnansweredError) as error:
        return Sign.FAIL, f"{action} was not answered: {error}"
    code = (answer.fields or {}).get("Code")
    if answer.status >= 300:
        told = scrubbed(f"{answer.status} {code or answer.problem}", api.secrets)
        return Sign.FAIL, f"{action} is refused: {told}"
    return Sign.OK, f"{action} is allowed"

"""The suite's own client as an adapter; with ``--fault``, a client with that fault.

python -m redeploy_conformance.certify.reference [--signature v1|v3] [--fault ID] [--list-faults]
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from redeploy_conformance.certify.client import Call, CallError, Client, DeadlineError
from redeploy_conformance.certify.faulty import FAULTY, VARIANTS
from redeploy_conformance.wire.signing import Credentials

LIBRARY = "redeploy-conformance"
Fields = dict[str, Any]


def main(words: Sequence[str] | None = None) -> int:
    """Serve the adapter protocol on standard input and output; return the exit code."""
    options = _options().parse_args(words)
    if options.list_faults:
        for one in (*FAULTY.values(), *VARIANTS.values()):
            print(one.id, ",".join(one.clauses) or "-", one.sentence, sep="\t")
        return 0
    known = {**FAULTY, **VARIANTS}
    if options.fault is not None and options.fault not in known:
        told = f"There is no faulty client {options.fault!r}: --list-faults names them."
        print(told, file=sys.stderr)
        return 2
    kind = known[options.fault].client if options.fault else Client
    serve(kind(options.signature), options.fault)
    return 0


def serve(client: Client, fault: str | None) -> None:
    """Introduce the client, then answer each request until standard input ends."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _write(
        {
            "protocol": 1,
            "library": LIBRARY + (f" with {fault}" if fault else ""),
            "version": _version(),
            "language": "Python",
            "runtime": f"{platform.python_implementation()} {platform.python_version()}",
            "signature": client.signature,
        }
    )
    for line in sys.stdin:
        asked = json.loads(line)
        _write({"id": asked["id"], **answer(client, asked)})


def answer(client: Client, asked: Fields) -> Fields:
    """Return the fields of the answer to a request, without its id."""
    try:
        asked["instance_id"].encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return {"outcome": "unsupported", "message": "the id is no Unicode text"}
    call = Call(
        asked["endpoint"],
        Credentials(asked["access_key_id"], asked["access_key_secret"]),
        asked["instance_id"],
        asked.get("force_stop"),
        asked["deadline_seconds"],
        asked.get("ca_file"),
    )
    try:
        done = client.redeploy(call)
    except CallError as error:
        return _failure(error)
    return {
        "outcome": "success",
        "task_id": done.task_id,
        "request_id": done.request_id,
    }


def _failure(error: CallError) -> Fields:
    """Return an error's line; it is printed too, as in a program's log."""
    name = type(error).__name__
    print(f"{name}: {error.message}", file=sys.stderr, flush=True)
    if isinstance(error, DeadlineError):
        return {"outcome": "timeout", "message": error.message, "class": name}
    return {
        "outcome": "error",
        "code": error.code,
        "message": error.message,
        "http_status": error.http_status,
        "request_id": error.request_id,
        "class": name,
    }


def _version() -> str:
    try:
        return version(LIBRARY)
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "source"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m redeploy_conformance.certify.reference",
        description="The suite's own client, speaking the adapter protocol, version 1.",
    )
    parser.add_argument("--signature", choices=("v1", "v3"), default="v3")
    parser.add_argument("--fault", metavar="ID", help="a client with this fault")
    parser.add_argument(
        "--list-faults",
        action="store_true",
        help="name each fault and, with '-' for its clauses, each legal variant",
    )
    return parser


def _write(line: Fields) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())

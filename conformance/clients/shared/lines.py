"""The adapter protocol for Python adapters: one JSON line in, one JSON line out."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Fields = dict[str, Any]


def serve(
    library: str, signature: str, call: Callable[[Fields], Fields], **more: object
) -> None:
    """Introduce the library, then answer each request until standard input ends."""
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    _write(
        {
            "protocol": 1,
            "library": library,
            "version": version(library),
            "language": "Python",
            "runtime": runtime,
            "signature": signature,
            **more,
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        _write({"id": request["id"], **call(request)})


def success(task_id: object, request_id: object) -> Fields:
    """A success with the ids as the library hands them out."""
    return {
        "outcome": "success",
        "task_id": _printed(task_id),
        "request_id": _printed(request_id),
    }


def failure(error: Exception, message: str, code: object, **fields: object) -> Fields:
    """A failure, or a timeout where the text of an error of the library's own says so.

    What the error prints goes to standard error too, as a program's log would show it.
    """
    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    known: Fields = {"message": message, "class": type(error).__name__}
    if code in (None, "SDK.HttpError") and "timed out" in message:
        return {"outcome": "timeout", **known}
    missing = {"http_status": None, "request_id": None}
    return {"outcome": "error", "code": code, **missing, **fields, **known}


def _printed(value: object) -> str | None:
    return None if value is None else str(value)


def _write(line: Fields) -> None:
    print(json.dumps(line), flush=True)

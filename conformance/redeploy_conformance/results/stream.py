"""The stream of a run: one JSON object per line while it runs, the last one closes it.

A stream without its closing line is of a run that was cut short, whatever cut it.
"""

import json
from pathlib import Path
from typing import Any

from redeploy_schemas.records import Problem, Record, Result

STREAM_FORMAT = "redeploy-conformance/stream/1"
"""The name and the version of the layout; each line's schema is ``run/stream.json``."""


class StreamWriter:
    """Appends the lines of one run to a file; each is there at once for who follows it."""

    def __init__(self, path: Path) -> None:
        """Begin an empty file.

        Raises:
            OSError: the file cannot be written.
        """
        self.file = path.open("w", encoding="utf-8")

    def start(self, start: Record) -> None:
        """Write the first line: who is judged, by what."""
        self._line({"record": "start", "format": STREAM_FORMAT, **start.to_json()})

    def case(
        self, report: dict[str, Any], offer: dict[str, Any], seconds: float
    ) -> None:
        """Write what a case brought, as workers hand it over."""
        line = {"record": "case", "seconds": seconds, "offer": offer, "report": report}
        self._line(line)

    def crash(self, problem: Problem, seconds: float) -> None:
        """Write that the suite itself failed."""
        line = {"record": "crash", "seconds": seconds, "problem": problem.to_json()}
        self._line(line)

    def end(self, result: Result, *, complete: bool) -> None:
        """Write the closing line, and close the file."""
        self._line(
            {
                "record": "end",
                "seconds": result.seconds,
                "complete": complete,
                "verdict": result.verdict,
                "exit_code": result.exit_code,
            }
        )
        self.file.close()

    def _line(self, document: dict[str, Any]) -> None:
        self.file.write(json.dumps(document, allow_nan=False) + "\n")
        self.file.flush()

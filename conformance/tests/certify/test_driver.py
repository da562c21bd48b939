"""An adapter that misbehaves is a result of its call, never the end of the run."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.certify.case import Case, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.checking import wrong_with
from redeploy_conformance.certify.conclude import Asked, exit_code
from redeploy_conformance.certify.driver import Adapter, AdapterError
from redeploy_conformance.certify.replies import success
from redeploy_conformance.certify.running import certify
from redeploy_conformance.certify.told import Kind
from redeploy_conformance.certify.words import command
from redeploy_schemas.vocabulary import RunVerdict

Make = Callable[..., Sequence[str]]
ASKED: dict[str, Any] = {"endpoint": "http://127.0.0.1:9", "instance_id": "i-1"}
GOOD = 'print(json.dumps({"id": json.loads(line)["id"], "outcome": "success", "task_id": "t", "request_id": "r"}), flush=True)'


@pytest.mark.parametrize(
    ("lines", "kind", "text"),
    [
        ("sys.exit(3)", Kind.CRASH, "ended with exit code 3"),
        ('sys.exit("no luck")', Kind.CRASH, "ended with exit code 1: no luck"),
        ("time.sleep(30)", Kind.HANG, "no answer within 0.5 s"),
        ('print("debug", flush=True)', Kind.RUBBISH, "no answer: 'debug' (not JSON"),
        ('print("[" * 200_000, flush=True)', Kind.RUBBISH, "(not JSON in UTF-8)"),
        ('print("{}", flush=True)', Kind.RUBBISH, "$: id, outcome are missing"),
        (
            'print(\'{"id": 9, "outcome": "unsupported", "message": ""}\', flush=True)',
            Kind.RUBBISH,
            "the id 9, the request had 1",
        ),
        ('print("[NaN]", flush=True)', Kind.RUBBISH, "(not JSON in UTF-8)"),
        (
            'sys.stdout.buffer.write(b"\\xff\\n"); sys.stdout.flush()',
            Kind.RUBBISH,
            "not JSON in UTF-8",
        ),
    ],
)
def test_what_is_no_answer(made: Make, lines: str, kind: Kind, text: str) -> None:
    adapter = Adapter(made(lines))
    told = adapter.ask(ASKED, 0.5 if kind is Kind.HANG else 20)
    assert told.kind is kind
    assert text in told.words
    assert not adapter.usable


def test_half_a_surrogate_pair_can_be_written_down(made: Make) -> None:
    line = '{"id": 1, "outcome": "unsupported", "message": "a\\\\ud83d"}'
    told = Adapter(made(f"print('{line}', flush=True)")).ask(ASKED, 20)
    assert (told.kind, told.fields["message"]) == (Kind.UNSUPPORTED, "a\ufffd")


def test_what_is_printed_on_standard_error_belongs_to_its_call(made: Make) -> None:
    adapter = Adapter(made(f'print("once", file=sys.stderr, flush=True)\n{GOOD}'))
    assert [adapter.ask(ASKED, 20).stderr for _ in range(2)] == ["once\n", "once\n"]
    assert adapter.end(5) == 0


@pytest.mark.parametrize(
    ("lines", "card", "text"),
    [
        ("pass", None, "it wrote no identity card but ended with exit code 0"),
        ("pass", "hello", "its first line is not an identity card but 'hello'"),
        ("pass", '{"protocol": 1}', "its identity card is not right: $: library"),
        (
            "pass",
            '{"protocol": 2, "library": "a", "version": "1", "language": "b", '
            '"runtime": "c", "signature": "v3"}',
            "its identity card is not right: $.protocol is 2, not 1",
        ),
    ],
)
def test_an_adapter_that_does_not_introduce_itself(
    made: Make, lines: str, card: str | None, text: str
) -> None:
    words = made(lines, card)
    if card is None:  # nobody asks it anything
        words = (words[0], "-c", "")
    with pytest.raises(AdapterError, match=r"^it") as caught:
        Adapter(words)
    assert str(caught.value).startswith(text)


def test_a_process_that_is_ended_ends_with_all_that_it_started(made: Make) -> None:
    lines = (
        'import subprocess\nprint(subprocess.Popen(["sleep", "60"]).pid, flush=True)'
    )
    adapter = Adapter(made(lines))
    told = adapter.ask(ASKED, 20)
    assert told.kind is Kind.RUBBISH  # the pid, which is no answer
    begun = time.monotonic()
    adapter.end()
    assert time.monotonic() - begun < 5


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="known by /proc")
def test_a_process_ends_also_with_what_has_a_session_of_its_own(
    made: Make, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    start = 'subprocess.Popen(["sleep", "60"], start_new_session=True).pid'
    lines = f"import subprocess\nopen({str(pid)!r}, 'w').write(str({start}))\n{GOOD}"
    adapter = Adapter(made(lines))
    assert adapter.ask(ASKED, 20).kind is Kind.SUCCESS
    adapter.end(5)
    until = time.monotonic() + 10
    while _runs(pid.read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(pid.read_text())


def _runs(pid: str) -> bool:
    """Whether a process is there, and not only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_an_adapter_that_hangs_does_not_stay_when_somebody_stops(
    made: Make, tmp_path: Path, kind: signal.Signals
) -> None:
    pid = tmp_path / "pid"
    words = made(f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    command = "from redeploy_conformance.cli import main; main()"
    certifying = subprocess.Popen(
        [sys.executable, "-c", command, "certify", shlex.join(words)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    certifying.send_signal(kind)
    _, told = certifying.communicate(timeout=60)
    assert (certifying.returncode, "stopped before the end" in told) == (3, True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_after_a_crash_the_next_case_has_a_new_process(made: Make) -> None:
    lines = f'if "i-crash" in line: os._exit(9)\n{GOOD}'
    plain = Case("plain", "C3", OURS, answers(success()))
    crash = Case("crash", "C3", OURS, answers(success()), instance_id="i-crash")
    result = certify(made(lines), (crash, plain), Asked("made", 0), processes=1)
    assert [(one.case, one.clause, one.observed) for one in result.failures] == [
        ("crash", "C3", "ended with exit code 9"),
        ("plain", "C7", "a success with task_id 't', request_id 'r'"),
    ]
    assert (result.problem, result.cases) == (None, 2)


ODD_ERROR = """number = json.loads(line)["id"]
told = {"id": number, "outcome": "success", "task_id": "t", "request_id": "r"}
if number == 2:
    told = {"id": 2, "outcome": "error", "code": "C", "http_status": "404"}
print(json.dumps(told), flush=True)"""


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ('print("debug", flush=True)', "a plain call"),
        (ODD_ERROR, "a call that is refused"),
    ],
)
def test_an_adapter_that_cannot_tell_of_a_call_is_not_blamed_on_its_library(
    made: Make, cases: Sequence[Case], lines: str, what: str
) -> None:
    result = certify(made(lines), cases, Asked("made", 0))
    assert (result.clauses, result.failures) == ((), ())
    assert result.problem is not None
    assert result.problem.startswith(f"it tells of {what} by a line that is no answer")
    assert "see certify --check-adapter" in result.problem
    assert exit_code([result]) is RunVerdict.UNREACHABLE


def test_nothing_is_wrong_with_the_adapter_of_the_reference() -> None:
    assert list(wrong_with(command("reference"))) == []
    assert list(wrong_with(command("reference --signature v1"))) == []


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        (
            GOOD,
            ["a plain call: no request reached the endpoint, and it told a success"],
        ),
        ("sys.exit(3)", ["a plain call: ended with exit code 3"]),
        (
            GOOD.replace('"success"', '"unsupported", "message": "no"').replace(
                ', "task_id": "t", "request_id": "r"', ""
            ),
            ["a plain call: it is told as unsupported, and so nothing"],
        ),
        (
            f"{GOOD}\nprint('more', flush=True)",
            [
                "a plain call: no request reached",
                "a call with force_stop: a line that nobody asked for: 'more'",
            ],
        ),
    ],
)
def test_what_is_wrong_with_an_adapter(
    made: Make, lines: str, texts: Sequence[str]
) -> None:
    found = list(wrong_with(made(lines)))
    for told, text in zip(found, texts, strict=False):
        assert told.startswith(text)
    assert len(found) >= len(texts)


NUMBERED = """
import sys
from redeploy_conformance.certify import reference
from redeploy_conformance.certify.client import Client

class Numbered(Client):
    def id(self, fields, name):
        value = super().id(fields, name)
        return int(value) if (value or "").isdigit() else value

class NeverForced(Client):
    def params(self, call):
        return super().params(call)[:1]

reference.serve(CLIENT(), None)
"""


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("Numbered", "a TaskId that is a number: a line that is no answer"),
        (
            "NeverForced",
            "a call with force_stop: the request does not carry the force_stop that was handed over",
        ),
    ],
)
def test_what_the_adapter_does_and_not_its_library_is_told(
    client: str, text: str
) -> None:
    script = NUMBERED.replace("CLIENT", client)
    (told,) = wrong_with([sys.executable, "-c", script])
    assert told.startswith(text)


def test_a_failing_end_is_told(made: Make) -> None:
    words = made(GOOD)
    with open(words[1], "a", encoding="utf-8") as script:
        script.write("\nsys.exit(7)\n")
    last = list(wrong_with(words))[-1]
    assert last == "it ends with exit code 7 when its standard input does"

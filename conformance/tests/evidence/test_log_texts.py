"""What a log says is shown without its secrets and never at length, and the command can be given again."""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from redeploy_conformance.cli import main
from redeploy_conformance.redact import LONGEST

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = "a-secret-of-a-caller"
QUERY = f"&Signature={SECRET}&SecurityToken={SECRET}&UserData={SECRET}"
HEADERS = (
    f"x-acs-security-token: {SECRET}; AccessKeySecret={SECRET}; Password={SECRET}; "
    f"Authorization: ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature={SECRET}; "
    f"Cookie: login={SECRET}; b={SECRET}"
)
Fields = dict[str, Any]


def entry(action: str, at: float, status: int, answer: Fields, key: str) -> Fields:
    named = {"x-acs-action": action, "x-acs-version": "2014-05-26"}
    query = urlencode({"InstanceId": key})
    return {
        "startedDateTime": (BEGUN + timedelta(seconds=at)).isoformat(),
        "time": 5,
        "request": {
            "method": "POST",
            "url": f"https://ecs.cn-hangzhou.aliyuncs.com/?{query}",
            "headers": [{"name": one, "value": named[one]} for one in named],
        },
        "response": {"status": status, "content": {"text": json.dumps(answer)}},
    }


def call(at: float, status: int, key: str = "i-1", **answer: object) -> Fields:
    return entry(
        "RedeployInstance", at, status, {"RequestId": f"R-{at}", **answer}, key
    )


def written(path: Path, *entries: Fields) -> Path:
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


Checked = Callable[..., tuple[int, str, Fields]]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Return what gives the exit code, all that is said, and the result."""

    def run(*words: str) -> tuple[int, str, Fields]:
        place = tmp_path / "result.json"
        ran = CliRunner().invoke(main, ["check-trace", *words, "--result", str(place)])
        text = place.read_text()
        return ran.exit_code, ran.output + text, json.loads(text)

    return run


LOOK = entry(
    "DescribeInstances",
    9,
    200,
    {"Instances": {"Instance": [{"InstanceId": "i-1", "Status": f"No{QUERY}"}]}},
    "i-1",
)


@pytest.mark.parametrize(
    ("clause", "entries"),
    [
        ("R3", [call(1, 403, Code="DiskError", Message=f"GET /?a=b{QUERY}")]),
        ("R3", [call(1, 403, Code="DiskError", Message=HEADERS)]),
        ("R1", [call(1, 200, Code=f"Odd{QUERY}", Message="m")]),
        ("R5", [call(n, 200, TaskId=f"t{QUERY}") for n in (1, 2)]),
        ("R1", [call(1, 200, key=f"i-1{QUERY}")]),
        ("L8", [call(1, 200, TaskId="t-1"), LOOK]),
    ],
)
def test_no_secret_of_a_log_is_shown(
    tmp_path: Path, checked: Checked, clause: str, entries: list[Fields]
) -> None:
    code, said, result = checked(str(written(tmp_path / "log.har", *entries)))
    assert (code, result["findings"][0]["clause"]) == (1, clause)
    assert SECRET not in said


def test_no_secret_is_shown_with_a_choice(tmp_path: Path, checked: Checked) -> None:
    throttled = call(1, 429, Code=f"Throttling{QUERY}", Message="m")
    _, said, result = checked(str(written(tmp_path / "log.har", throttled)))
    [choice] = [one for one in result["clauses"] if one["id"] == "Q4c"]
    assert "429 Throttling&Signature=***" in json.dumps(choice)
    assert SECRET not in said


def test_no_secret_of_an_event_is_shown(tmp_path: Path, checked: Checked) -> None:
    event = {
        "eventName": "RedeployInstance",
        "eventTime": BEGUN.isoformat(),
        "requestParameters": {"InstanceId": f"i-1{QUERY}", "ForceStop": "no"},
        "responseElements": {"TaskId": "t-1"},
        "serviceName": "Ecs",
    }
    (tmp_path / "trail.json").write_text(json.dumps([event]))
    code, said, _ = checked(str(tmp_path / "trail.json"))
    assert code == 1
    assert SECRET not in said


def test_a_text_of_a_log_is_not_shown_at_length(
    tmp_path: Path, checked: Checked
) -> None:
    long = "x" * 3_000_000
    entries = [
        call(1, 403, Code="DiskError", Message=long),
        call(2, 200, key=long),
    ]
    code, said, result = checked(str(written(tmp_path / "log.har", *entries)))
    assert code == 1
    assert len(result["findings"][0]["observed"]) == LONGEST + 2
    assert len(said) < 100_000


def test_half_a_letter_in_a_log_can_be_written_down(
    tmp_path: Path, checked: Checked
) -> None:
    path = written(
        tmp_path / "log.har", call(1, 403, Code="DiskError", Message="\ud800")
    )
    code, _, result = checked(str(path))
    assert (code, result["findings"][0]["observed"]) == (1, "\\ud800")


@pytest.mark.parametrize(
    "words",
    [(), ("--fresh", "60"), ("--format", "har", "--redeploy-seconds", "1234567.5")],
)
def test_a_finding_names_the_command_with_its_folder_and_options(
    tmp_path: Path, checked: Checked, words: tuple[str, ...]
) -> None:
    (tmp_path / "a folder").mkdir()
    path = written(tmp_path / "a folder" / "log.har", call(1, 200))
    # So begun, it is known by what it is said to be alone.
    if "--format" in words:
        path.write_text(path.read_text().replace('{"log"', '{"more": [], "log"'))
        path.write_text(" " * 70_000 + path.read_text())
    _, _, result = checked(str(path), *words)
    again = shlex.split(result["findings"][0]["reproduce"])
    assert again == ["redeploy-conformance", "check-trace", *words, str(path)]
    assert checked(*again[2:])[2]["findings"] == result["findings"]

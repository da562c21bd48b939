"""How long a log's look at an instance says something of a later call: not long, if nobody says so."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from redeploy_conformance.cli import main

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
UNLOCKED = {
    "RequestId": "R-1",
    "Instances": {
        "Instance": [
            {
                "InstanceId": "i-1",
                "Status": "Running",
                "OperationLocks": {"LockReason": []},
            }
        ]
    },
}
LOCKED = {
    "RequestId": "R-2",
    "Code": "InstanceLockedForSecurity",
    "Message": "The specified operation is denied as your instance is locked for security reasons.",
}


def entry(action: str, query: str, at: float, status: int, answer: Any) -> Any:
    named = {
        "x-acs-action": action,
        "authorization": "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=ab",
    }
    return {
        "startedDateTime": (BEGUN + timedelta(seconds=at)).isoformat(),
        "request": {
            "method": "POST",
            "url": f"https://ecs.cn-hangzhou.aliyuncs.com/?{query}",
            "headers": [{"name": one, "value": named[one]} for one in named],
        },
        "response": {"status": status, "content": {"text": json.dumps(answer)}},
    }


@pytest.mark.parametrize(
    ("later", "words", "accused"),
    [(3.0, (), True), (10.0, (), False), (10.0, ("--fresh", "60"), True)],
)
def test_a_lock_that_came_since_the_look_accuses_nobody(
    tmp_path: Path, later: float, words: tuple[str, ...], accused: bool
) -> None:
    look = entry("DescribeInstances", "RegionId=cn-hangzhou", 0.0, 200, UNLOCKED)
    call = entry("RedeployInstance", "InstanceId=i-1", later, 403, LOCKED)
    log, result = tmp_path / "log.har", tmp_path / "result.json"
    log.write_text(json.dumps({"log": {"entries": [look, call]}}))
    words = ("check-trace", str(log), *words, "--result", str(result))
    CliRunner().invoke(main, words)
    found = json.loads(result.read_text())["findings"]
    assert [one["clause"] for one in found] == ["A8"] * accused

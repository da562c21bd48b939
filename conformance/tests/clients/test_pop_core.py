"""The Node client @alicloud/pop-core against the emulator, on the real wire (V1)."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from redeploy_schemas.contract import load

ERRORS = load().error_by_code
UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
SCRIPT = Path(__file__).parent / "pop_core"
Call = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the script with its dependencies; nothing is left in the source tree."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not on PATH: @alicloud/pop-core cannot run")
    folder = tmp_path_factory.mktemp("pop_core")
    for name in ("package.json", "calls.js"):
        shutil.copy(SCRIPT / name, folder)
    command = [npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit"]
    done = subprocess.run(
        [*command, "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return folder


def outcomes(
    project: Path, service: Any, method: str, calls: list[Call], secret: str = ""
) -> list[Any]:
    asked = {
        "endpoint": service.url,
        "accessKeyId": service.key_id,
        "accessKeySecret": secret or service.secret,
        "calls": [
            {"action": action, "params": params, "method": method}
            for action, params in calls
        ],
    }
    done = subprocess.run(
        ["node", "calls.js"],
        cwd=project,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def redeploy(instance_id: str, **more: str) -> Call:
    return "RedeployInstance", {"InstanceId": instance_id, **more}


def describe(instance_id: str) -> Call:
    ids = json.dumps([instance_id])
    return "DescribeInstances", {"RegionId": "cn-hangzhou", "InstanceIds": ids}


def status(outcome: Any) -> str:
    (found,) = outcome["answer"]["Instances"]["Instance"]
    return str(found["Status"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redeploy_from_call_to_end(
    node_project: Path, service: Any, method: str
) -> None:
    instance_id = service.instance()
    look = describe(instance_id)
    call = redeploy(instance_id, ForceStop="true")
    before, done, after = outcomes(node_project, service, method, [look, call, look])
    assert set(done["answer"]) == {"TaskId", "RequestId"}
    assert done["answer"]["TaskId"].startswith("t-")
    assert UUID.fullmatch(done["answer"]["RequestId"])
    assert (status(before), status(after)) == ("Running", "Stopping")
    assert service.power_offs(instance_id) == 1
    service.advance()
    (end,) = outcomes(node_project, service, method, [look])
    assert status(end) == "Running"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_error_is_an_error_of_its_own(
    node_project: Path, service: Any, method: str
) -> None:
    calls = [redeploy(service.refused(code)) for code in ERRORS]
    found = outcomes(node_project, service, method, calls)
    for row, outcome in zip(ERRORS.values(), found, strict=True):
        error = outcome["error"]
        assert (error["code"], error["status"]) == (row.code, row.http_status)
        assert error["name"] == f"{row.code}Error"
        assert UUID.fullmatch(error["data"]["RequestId"])
        told = error["data"]["Message"]
        assert told if row.message == "%s" else told == row.message


def test_a_wrong_secret_is_refused(node_project: Path, service: Any) -> None:
    call = redeploy(service.instance())
    (outcome,) = outcomes(node_project, service, "GET", [call], "another")
    assert outcome["error"]["code"] == "SignatureDoesNotMatch"

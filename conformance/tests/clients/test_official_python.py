"""The official Python client against the emulator, on the real wire, both signatures."""

import json
import re
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.exceptions import (
    AlibabaCloudException,
    ClientException,
    ServerException,
)
from alibabacloud_tea_openapi.models import Config

from redeploy_schemas.contract import load

ERRORS = load().error_by_code
UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


def client(service: Any, algorithm: str | None, secret: str | None = None) -> Client:
    return Client(
        Config(
            access_key_id=service.key_id,
            access_key_secret=secret or service.secret,
            region_id="cn-hangzhou",
            endpoint=service.authority,
            protocol="http",
            signature_algorithm=algorithm,
        )
    )


@pytest.fixture(params=[None, "v2"], ids=["V3", "V1"])
def algorithm(request: pytest.FixtureRequest) -> str | None:
    """What the client calls the two schemes."""
    value: str | None = request.param
    return value


@pytest.fixture
def ecs(service: Any, algorithm: str | None) -> Client:
    """A client with the account's own key."""
    return client(service, algorithm)


def redeploy(ecs: Client, instance_id: str, force: bool | None = None) -> Any:
    asked = models.RedeployInstanceRequest(instance_id=instance_id, force_stop=force)
    return ecs.redeploy_instance(asked)


def shown(ecs: Client, instance_id: str) -> str:
    asked = models.DescribeInstancesRequest(
        region_id="cn-hangzhou", instance_ids=json.dumps([instance_id])
    )
    (found,) = ecs.describe_instances(asked).body.instances.instance
    assert found.instance_id == instance_id
    assert found.operation_locks.lock_reason == []
    return str(found.status)


@pytest.mark.parametrize("force", [None, False, True])
def test_a_redeploy_from_call_to_end(
    service: Any, ecs: Client, force: bool | None
) -> None:
    instance_id = service.instance()
    assert shown(ecs, instance_id) == "Running"
    answer = redeploy(ecs, instance_id, force)
    assert answer.status_code == 200
    assert answer.body.task_id.startswith("t-")
    assert UUID.fullmatch(answer.body.request_id)
    assert answer.headers["x-acs-request-id"] == answer.body.request_id
    assert shown(ecs, instance_id) == "Stopping"
    service.advance()
    assert shown(ecs, instance_id) == "Running"
    assert service.power_offs(instance_id) == int(force is True)


@pytest.mark.parametrize("code", ERRORS)
def test_each_error_is_an_exception_of_its_own(
    service: Any, ecs: Client, code: str
) -> None:
    row = ERRORS[code]
    instance_id = service.refused(code)
    kind = ServerException if row.http_status >= 500 else ClientException
    with pytest.raises(kind) as caught:
        redeploy(ecs, instance_id)
    error = caught.value
    assert (error.code, error.status_code) == (code, row.http_status)
    assert UUID.fullmatch(error.request_id)
    assert error.data["RequestId"] == error.request_id
    assert (
        error.data["Message"] if row.message == "%s" else row.message in error.message
    )


def test_a_wrong_secret_is_refused(service: Any, algorithm: str | None) -> None:
    instance_id = service.instance()
    with pytest.raises(AlibabaCloudException) as caught:
        redeploy(client(service, algorithm, "another"), instance_id)
    assert caught.value.code == "SignatureDoesNotMatch"
    assert shown(client(service, algorithm), instance_id) == "Running"

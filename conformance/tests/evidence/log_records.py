"""Records of logs as browsers, proxies and ActionTrail write them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
ONE = {"InstanceId": "i-1"}
HOST = "ecs.cn-hangzhou.aliyuncs.com"
KEY = {"authorization": "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=ab"}
NOT_FOUND = {
    "RequestId": "R-404",
    "Code": "InvalidInstanceId.NotFound",
    "Message": "The InstanceId provided does not exist in our records.",
}
Fields = dict[str, Any]
Judged = Callable[..., list[str]]
STATUS = {
    "RequestId": "R-403",
    "Code": "IncorrectInstanceStatus",
    "Message": "The current status of the resource does not support this operation.",
}


def taken(number: object = 1) -> Fields:
    return {"TaskId": f"t-{number}", "RequestId": f"R-{number}"}


def listing(status: str = "Running") -> Fields:
    row: Fields = {"InstanceId": "i-1", "Status": status}
    return {"RequestId": "R-look", "Instances": {"Instance": [row]}}


def entry(
    action: str,
    params: Fields,
    answer: object,
    *,
    at: float = 0,
    status: int = 200,
    method: str = "POST",
    host: str = HOST,
    headers: Fields = KEY,
    **more: Any,
) -> Fields:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    named = {"x-acs-action": action, "x-acs-version": "2014-05-26", **headers}
    return {
        "startedDateTime": (BEGUN + timedelta(seconds=at)).isoformat(),
        "time": 5,
        "request": {
            "method": method,
            "url": f"https://{host}/?{urlencode(params)}",
            "headers": [{"name": one, "value": named[one]} for one in named],
            **more,
        },
        "response": {"status": status, "content": {"text": text}},
    }


def call(answer: object, **more: Any) -> Fields:
    return entry("RedeployInstance", more.pop("params", ONE), answer, **more)


def look(**more: Any) -> Fields:
    return entry("DescribeInstances", {"RegionId": "cn-beijing"}, listing(), **more)


def event(name: str, params: Any, answer: Any, at: float = 0, **more: Any) -> Fields:
    return {
        "eventId": f"{name} {at}",
        "eventName": name,
        "eventTime": (BEGUN + timedelta(seconds=at)).isoformat(),
        "serviceName": "Ecs",
        "acsRegion": "cn-hangzhou",
        "requestId": f"R-{at}",
        "requestParameters": params,
        "responseElements": answer,
        "userIdentity": {"accountId": "1"},
    } | more


def redeployed(at: float = 0, **more: Any) -> Fields:
    return event("RedeployInstance", ONE, {"TaskId": f"t-{at}"}, at, **more)

"""What a client is shown that also looks, by operations that change nothing.

A library may look before its call, while it waits, or when the outcome is unknown: no clause of clients
speaks of that, so each look is answered, is counted apart, and leaves the answers of the case as they are.
"""

import json
from typing import Any

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.replies import REQUEST_ID, Answer, http


def shown(asked: Arrival) -> Answer:
    """Return what a look shows: instances that run, tasks that have finished, and nothing nobody named."""
    instances = [{"InstanceId": one, "Status": "Running"} for one in _ids(asked)]
    tasks = [
        {"TaskId": one, "TaskAction": "RedeployInstance", "TaskStatus": "Finished"}
        for one in _named(asked, "TaskIds")
    ]
    body: dict[str, Any] = {
        "RequestId": REQUEST_ID,
        "PageNumber": 1,
        "PageSize": 100,
        "TotalCount": len(instances) or len(tasks),
        "Instances": {"Instance": instances},
        "InstanceStatuses": {"InstanceStatus": instances},
        "TaskSet": {"Task": tasks},
        "InstanceSystemEventSet": {"InstanceSystemEventType": []},
    }
    for one in (*instances[:1], *tasks[:1]):
        body |= one
    return Answer(http(200, json.dumps(body)))


def _ids(asked: Arrival) -> list[str]:
    numbered = [
        value
        for name, value in asked.params.items()
        if name.partition(".")[0] == "InstanceId"
    ]
    return numbered or _named(asked, "InstanceIds")


def _named(asked: Arrival, name: str) -> list[str]:
    """Return the ids of a parameter that lists them in JSON or with commas."""
    text = asked.params.get(name, "")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [one for one in text.split(",") if one]
    return list(map(str, found)) if isinstance(found, list) else [str(found)]

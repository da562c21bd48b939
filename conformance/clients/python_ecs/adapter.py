"""alibabacloud-ecs20140526 (Tea), with the options it has by itself."""

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.runtime import RuntimeOptions
from lines import Fields, failure, serve, success


def call(asked: Fields) -> Fields:
    protocol, _, address = asked["endpoint"].partition("://")
    milliseconds = int(asked["deadline_seconds"] * 1000)
    config = Config(
        access_key_id=asked["access_key_id"],
        access_key_secret=asked["access_key_secret"],
        region_id=asked["region"],
        endpoint=address,
        protocol=protocol,
        connect_timeout=milliseconds,
        read_timeout=milliseconds,
        ca=asked.get("ca_file"),
    )
    wanted = models.RedeployInstanceRequest(
        instance_id=asked["instance_id"], force_stop=asked.get("force_stop")
    )
    attempts = asked.get("attempts")
    runtime = RuntimeOptions(
        **({"autoretry": True, "max_attempts": attempts} if attempts else {})
    )
    try:
        answer = Client(config).redeploy_instance_with_options(wanted, runtime)
    except Exception as error:
        return failure(
            error,
            getattr(error, "message", str(error)),
            code=getattr(error, "code", None),
            http_status=getattr(error, "status_code", None),
            request_id=getattr(error, "request_id", None),
        )
    if answer.body is None:  # a success with nothing in it
        return success(None, None)
    return success(answer.body.task_id, answer.body.request_id)


serve("alibabacloud-ecs20140526", "v3", call, options=["attempts"])

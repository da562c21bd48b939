"""aliyun-python-sdk-core with aliyun-python-sdk-ecs, with the options they have."""

import json
from urllib.parse import urlsplit

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526.RedeployInstanceRequest import (
    RedeployInstanceRequest,
)
from lines import Fields, failure, serve, success


def call(asked: Fields) -> Fields:
    address = urlsplit(asked["endpoint"])
    client = AcsClient(
        asked["access_key_id"],
        asked["access_key_secret"],
        asked["region"],
        port=address.port,
        connect_timeout=asked["deadline_seconds"],
        timeout=asked["deadline_seconds"],
        verify=asked.get("ca_file"),
    )
    wanted = RedeployInstanceRequest()
    # The library's own constant: it speaks plain HTTP for any other "https".
    https = address.scheme == "https"
    wanted.set_protocol_type(protocol_type.HTTPS if https else protocol_type.HTTP)
    wanted.set_endpoint(address.hostname)
    wanted.set_InstanceId(asked["instance_id"])
    if "force_stop" in asked:
        wanted.set_ForceStop(asked["force_stop"])
    try:
        answer = json.loads(client.do_action_with_exception(wanted))
        return success(answer.get("TaskId"), answer.get("RequestId"))
    except ServerException as error:
        return failure(
            error,
            error.get_error_msg(),
            code=error.get_error_code(),
            http_status=error.get_http_status(),
            request_id=error.get_request_id(),
        )
    except ClientException as error:
        return failure(error, error.get_error_msg(), code=error.get_error_code())
    except Exception as error:
        return failure(error, str(error), code=None)


serve("aliyun-python-sdk-core", "v1", call)

"""The errors the emulator answers, with the HTTP status and text of the documents."""


class ApiError(Exception):
    """An answer that is an error. `headers` come on top of the usual ones."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


# The table of the page.


def instance_not_found() -> ApiError:
    """404: the id names no instance of the caller."""
    return ApiError(
        404,
        "InvalidInstanceId.NotFound",
        "The InstanceId provided does not exist in our records.",
    )


def incorrect_status() -> ApiError:
    """403: neither Running nor Stopped, or a redeploy is on its way."""
    return ApiError(
        403,
        "IncorrectInstanceStatus",
        "The current status of the resource does not support this operation.",
    )


def locked_for_security() -> ApiError:
    """403: OperationLocks holds the reason `security`."""
    return ApiError(
        403,
        "InstanceLockedForSecurity",
        "The specified operation is denied as your instance is locked for security"
        " reasons.",
    )


def disk_error() -> ApiError:
    """403: a disk in a status that does not allow the operation."""
    return ApiError(403, "DiskError", "IncorrectDiskStatus.")


def expired_or_in_arrears() -> ApiError:
    """403: a prepaid instance is expired, or a pay-as-you-go one in arrears."""
    return ApiError(
        403,
        "InstanceExpiredOrInArrears",
        "The specified operation is denied as your prepay instance is expired (prepay"
        " mode) or in arrears (afterpay mode).",
    )


def redeploy_not_allowed(message: str) -> ApiError:
    """403: the row of the table whose text is free."""
    return ApiError(403, "InvalidOperation.RedeployInstance", message)


def internal_error() -> ApiError:
    """500: something unknown went wrong."""
    return ApiError(
        500,
        "InternalError",
        "The request processing has failed due to some unknown error.",
    )


# What the gateway and the other operations answer.


def missing(name: str) -> ApiError:
    """400: a mandatory parameter was not given."""
    return ApiError(400, f"Missing{name}", f"{name} is mandatory for this action.")


def invalid(name: str) -> ApiError:
    """400: a parameter holds what it must not."""
    return ApiError(
        400, "InvalidParameter", f'The specified parameter "{name}" is not valid.'
    )


_THROTTLED = {
    "Throttling": "Request was denied due to request throttling.",
    "Throttling.User": "Request was denied due to user flow control.",
    "Throttling.Api": "Request was denied due to api flow control.",
}


def throttled(answer: str, retry_after_ms: int) -> ApiError:
    """The refusal of the rate limit; `answer` is status and code, as in Settings."""
    status, code = answer.split(" ")
    headers = (("x-acs-retry-after", str(retry_after_ms)),)
    return ApiError(int(status), code, _THROTTLED[code], headers)


_REFUSED = {
    "Forbidden.RAM": "User not authorized to operate on the specified resource, or this"
    " API doesn't support RAM.",
    "NoPermission": "You are not authorized to do this action. You should be authorized"
    " by RAM.",
}


def refused(answer: str) -> ApiError:
    """The refusal of the caller's policies; `answer` is status and code."""
    status, code = answer.split(" ")
    return ApiError(int(status), code, _REFUSED[code])

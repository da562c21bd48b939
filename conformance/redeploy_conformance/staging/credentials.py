"""Keys from the default chain of Alibaba Cloud's own library.

Environment, profile files, the role of the machine, in the order of that library, and renewed by it.
Needs the extra ``staging``.
"""

import logging
import time
from typing import Any

from redeploy_conformance.extras import to_install
from redeploy_conformance.staging.access import PAUSES, Wallet
from redeploy_conformance.wire.signing import Credentials


class NoCredentialsError(Exception):
    """There is no key; the message says where it was looked for, and never what was found."""


def default_chain() -> Wallet:
    """Return the wallet that asks the chain before each request, which caches and renews.

    Raises:
        NoCredentialsError: the library is not installed, or finds no key.
    """
    try:
        from alibabacloud_credentials.client import (  # type: ignore[import-untyped]
            Client,
        )
    except ImportError as error:
        raise NoCredentialsError(
            "the keys of an account are found by alibabacloud-credentials; "
            f"{to_install('staging')}"
        ) from error
    # It logs a traceback for each place where there is no key; the message says that in a sentence.
    for name in ("credentials", "alibabacloud_credentials", "alibabacloud-credentials"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    chain: Any = Client()

    def once() -> Credentials:
        try:
            found = chain.get_credential()
        except Exception as error:  # the library documents no narrower one
            raise NoCredentialsError(_places(error)) from error
        key_id, secret = found.access_key_id, found.access_key_secret
        if not key_id or not secret:
            raise NoCredentialsError("the default chain gave no access key")
        return Credentials(key_id, secret, found.security_token or None)

    def wallet() -> Credentials:
        for pause in PAUSES:  # what renews a key may be busy for a moment
            try:
                return once()
            except NoCredentialsError:
                time.sleep(pause)
        return once()

    once()
    return wallet


def _places(error: Exception) -> str:
    return (
        "no key was found in the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and "
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET), in a profile file, or in a role of this machine "
        f"({type(error).__name__})"
    )

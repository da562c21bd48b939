"""Keys: temporary ones carry their token, and the default chain of the ecosystem is asked."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.credentials import NoCredentialsError, default_chain
from redeploy_conformance.staging.double import Double
from redeploy_conformance.staging.meant import statement_of
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.contract import load

from .conftest import LONG, Account, Watching

CHAIN = """
from redeploy_conformance.staging.credentials import NoCredentialsError, default_chain
try:
    key = default_chain()()
except NoCredentialsError as error:
    print(error)
else:
    print(key.access_key_id, key.access_key_secret, key.security_token, repr(key))
"""


def asked(folder: Path, **env: str) -> str:
    """Ask the chain in a process of its own; the role of the machine is left out of it."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", CHAIN],
        env={
            **kept,
            "HOME": str(folder),
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            **env,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip() + done.stderr


def test_a_key_comes_from_the_environment_with_its_token(tmp_path: Path) -> None:
    said = asked(
        tmp_path,
        ALIBABA_CLOUD_ACCESS_KEY_ID="id",
        ALIBABA_CLOUD_ACCESS_KEY_SECRET="secret",
        ALIBABA_CLOUD_SECURITY_TOKEN="token",
    )
    assert said == "id secret token Credentials(access_key_id='id')"


def test_a_key_comes_from_a_profile_file(tmp_path: Path) -> None:
    folder = tmp_path / ".alibabacloud"
    folder.mkdir()
    (folder / "credentials.ini").write_text(
        "[default]\ntype = access_key\naccess_key_id = id\naccess_key_secret = secret\n"
    )
    profile = {"ALIBABA_CLOUD_CREDENTIALS_FILE": str(folder / "credentials.ini")}
    said = asked(tmp_path, **profile)
    assert said == "id secret None Credentials(access_key_id='id')"


def test_without_a_key_one_sentence_says_so_and_nothing_is_logged(
    tmp_path: Path,
) -> None:
    said = asked(tmp_path)
    assert said == (
        "no key was found in the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and "
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET), in a profile file, or in a role of this machine "
        "(CredentialException)"
    )


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_a_temporary_key_sends_its_token_under_the_signature(scheme: str) -> None:
    double = Double(clock="virtual")
    key = Credentials(double.key.access_key_id, double.key.secret, "the-token")
    request = build_request(
        [("RegionId", "cn-hangzhou")],
        action="DescribeInstances",
        credentials=key,
        host="ecs.test",
        scheme=scheme,
    )
    headers = dict(request.headers)
    if scheme == "v3":
        assert headers["x-acs-security-token"] == "the-token"
        assert headers["x-acs-accesskey-id"] == key.access_key_id
        signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
        assert {"x-acs-security-token", "x-acs-accesskey-id"} <= set(signed.split(";"))
    else:
        assert "SecurityToken=the-token" in request.target
    answer = double.handle(request)
    assert answer.status == 200, decode_answer(answer).fields


def test_a_key_that_is_not_there_for_a_moment_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = pytest.importorskip("alibabacloud_credentials.client")
    answers: list[Any] = [
        SimpleNamespace(access_key_id=one, access_key_secret="s", security_token=None)
        for one in ("first", "second")
    ]
    answers.insert(1, RuntimeError("the role of this machine is being renewed"))

    def answer(self: Any) -> Any:
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    monkeypatch.setattr(client.Client, "__init__", lambda self: None)
    monkeypatch.setattr(client.Client, "get_credential", answer)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert default_chain()().access_key_id == "second"
    answers += [RuntimeError("gone")] * 9
    with pytest.raises(NoCredentialsError, match="no key was found"):
        default_chain()


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(Credentials("id", "a-secret", "a-token"))
    assert shown == "Credentials(access_key_id='id')"


def test_the_endpoint_is_the_regions_unless_another_is_given() -> None:
    plain = {"target": "cn-shanghai", "endpoint": None, "ca_file": None}
    statement = statement_of(load(), plain)
    assert statement.url == "https://ecs.cn-shanghai.aliyuncs.com"
    assert (statement.region, statement.control) == ("cn-shanghai", None)
    other = {**plain, "endpoint": "https://127.0.0.1:1/"}
    assert statement_of(load(), other).url == "https://127.0.0.1:1"


def test_without_the_library_of_keys_one_sentence_says_what_to_install(
    tmp_path: Path,
) -> None:
    lacking = "import sys; sys.modules['alibabacloud_credentials'] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", lacking + CHAIN],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout + done.stderr == (
        "the keys of an account are found by alibabacloud-credentials; "
        "in the suite's checkout, pip install -e '.[staging]' installs it\n"
    )


def test_no_key_and_no_signature_gets_into_the_journal_or_the_result(
    account_of: Callable[..., Account],
) -> None:
    account = account_of(
        settings=replace(LONG, no_event="accept"), parts=FAULTS["task-id-missing"].parts
    )

    class Keyed(Account):
        def wallet(self) -> Credentials:
            key = account.double.key
            return Credentials(key.access_key_id, key.secret, "the-token-of-a-role")

    keyed = Keyed(account.double, account.folder, account.contract)
    watching = Watching(keyed.transport())
    run = keyed.begin(transport=watching)
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        result = run.result(left, complete=True)
    seen: list[HttpRequest] = watching.requests
    assert result.findings != ()
    written = account.journal.read_text() + result.to_text() + "".join(keyed.said)
    signatures = {
        dict(one.headers)["authorization"].partition("Signature=")[2]
        for one in seen
        if "authorization" in dict(one.headers)
    } - {""}  # a call whose signature is left out has none to be found
    assert len(signatures) > 50
    for secret in (account.double.key.secret, "the-token-of-a-role", *signatures):
        assert secret not in written

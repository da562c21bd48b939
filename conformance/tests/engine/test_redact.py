"""What is taken out of texts before they are shown or kept."""

from urllib.parse import quote

import pytest

from redeploy_conformance.evidence.secrets import Secrets
from redeploy_conformance.redact import hidden, scrubbed
from redeploy_schemas.contract import load


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "POST /?SecurityToken=CAIS%2Fab&Action=X",
            "POST /?SecurityToken=***&Action=X",
        ),
        ("Signature=abc%3D&SignatureNonce=1", "Signature=***&SignatureNonce=1"),
        (  # what a server says that it signed (V1)
            "POST&%2F&Action%3DX%26SecurityToken%3DCAIS%252Fab%252Bc%253D%26Version%3D1",
            "POST&%2F&Action%3DX%26SecurityToken%3D***%26Version%3D1",
        ),
        (
            "POST%26%252F%26Action%253DX%2526SecurityToken%253DCAIS%25252Fab%2526Version%253D1",
            "POST%26%252F%26Action%253DX%2526SecurityToken%253D***%2526Version%253D1",
        ),
        ("Bearer abc, and more", "Bearer ***, and more"),
        (
            "GET /?AccessKeyId=k&AccessKeySecret=a&UserData=b&Password=c&Version=1",
            "GET /?AccessKeyId=k&AccessKeySecret=***&UserData=***&Password=***&Version=1",
        ),
        (
            "x-acs-security-token: CAIS/ab; Cookie: login=abc; b=c\nHost: ecs",
            "x-acs-security-token: ***; Cookie: ***\nHost: ecs",
        ),
        ("Authorization: Basic YTpi, later", "Authorization: Basic ***, later"),
        ('{"securityToken": "a", "x": 1}', '{"securityToken": "***", "x": 1}'),
        (r'{"Password": "a\/b\"c", "x": 1}', '{"Password": "***", "x": 1}'),
        (
            r'{"text": "{\"Password\":\"a\\/b\\\"c\",\"x\":1}"}',
            r'{"text": "{\"Password\":\"***\",\"x\":1}"}',
        ),
        (r'{"text": "Cookie: a=b\u003d1; c=d"}', '{"text": "Cookie: ***"}'),
        (r'{"text": "{\"Password\":\"a\"}"}', r'{"text": "{\"Password\":\"***\"}"}'),
    ],
)
def test_no_token_and_no_signature_is_shown(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_nothing_that_the_contract_says_is_taken_for_a_secret() -> None:
    texts = [one.message for one in load().errors]
    texts += [one.statement for one in load().clauses]
    assert [hidden(one) for one in texts] == texts


def test_a_secret_is_hidden_however_often_it_is_encoded() -> None:
    token = "CAIS+9w/Zx8Kq=AbCdEf=="
    for text in (token, quote(token, safe=""), quote(quote(token, safe=""), safe="")):
        shown = scrubbed({"Code": f"Denied x-acs-other:{text}!"}, {token})
        assert shown == {"Code": "Denied x-acs-other:***!"}
        secrets = Secrets()
        secrets.learn(token)
        assert secrets.out_of(f"x={text}!") == "x=***!"

"""The signature schemes, against the vectors of the public description."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeploy_conformance.wire.signatures import (
    canonical_request_v3,
    parse_authorization_v3,
    percent_encode,
    signature_v1,
    signature_v3,
    string_to_sign_v1,
    string_to_sign_v3,
)

UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
V1_PARAMS = [
    ("Timestamp", "2016-02-23T12:46:24Z"),
    ("Format", "XML"),
    ("AccessKeyId", "testid"),
    ("Action", "DescribeRegions"),
    ("SignatureMethod", "HMAC-SHA1"),
    ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
    ("Version", "2014-05-26"),
    ("SignatureVersion", "1.0"),
]
V3_QUERY = [
    ("RegionId", "cn-shanghai"),
    ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
V3_HEADERS = {
    "host": "ecs.cn-shanghai.aliyuncs.com",
    "x-acs-action": "RunInstances",
    "x-acs-content-sha256": EMPTY,
    "x-acs-date": "2023-10-26T10:22:32Z",
    "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    "x-acs-version": "2014-05-26",
}
V3_SIGNATURE = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_only_unreserved_characters_are_left_as_they_are(text: str) -> None:
    expected = "".join(
        chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode()
    )
    assert percent_encode(text) == expected


def test_v1_signs_the_official_example() -> None:
    text = string_to_sign_v1("GET", [*V1_PARAMS, ("Signature", "left out")])
    assert text == (
        "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML"
        "%26SignatureMethod%3DHMAC-SHA1"
        "%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"
        "%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z"
        "%26Version%3D2014-05-26"
    )
    assert signature_v1("testsecret", text) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_v1_signs_blank_values_and_what_is_not_ascii() -> None:
    params = [("SignatureType", ""), ("Name", "测试 *~+/")]
    assert string_to_sign_v1("POST", params) == (
        "POST&%2F&Name%3D%25E6%25B5%258B%25E8%25AF%2595%2520%252A~%252B%252F"
        "%26SignatureType%3D"
    )


def test_v3_signs_the_official_example() -> None:
    canonical = canonical_request_v3(
        "POST", "/", V3_QUERY, V3_HEADERS, tuple(reversed(V3_HEADERS)), EMPTY
    )
    assert canonical.splitlines()[-3:] == ["", ";".join(V3_HEADERS), EMPTY]
    text = string_to_sign_v3(canonical)
    assert text == (
        "ACS3-HMAC-SHA256\n"
        "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    )
    assert signature_v3("YourAccessKeySecret", text) == V3_SIGNATURE


def test_v3_trims_header_values() -> None:
    canonical = canonical_request_v3(
        "GET", "/", [], {"host": "  ecs:80 "}, ["host"], EMPTY
    )
    assert "\nhost:ecs:80\n" in canonical


@pytest.mark.parametrize("gap", [",", ", "])
def test_the_authorization_header_is_taken_apart(gap: str) -> None:
    header = (
        "ACS3-HMAC-SHA256 "
        f"Credential=testid{gap}SignedHeaders=host;x-acs-date{gap}Signature=0aF9"
    )
    expected = ("testid", ("host", "x-acs-date"), "0aF9")
    assert parse_authorization_v3(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic dGVzdDp0ZXN0",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host",
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=no hex",
        "ACS3-HMAC-SM3 Credential=testid,SignedHeaders=host,Signature=00",
    ],
)
def test_another_authorization_header_is_refused_and_not_repeated(header: str) -> None:
    with pytest.raises(ValueError, match="ACS3-HMAC-SHA256") as caught:
        parse_authorization_v3(header)
    assert str(caught.value) == "the Authorization header is not ACS3-HMAC-SHA256"

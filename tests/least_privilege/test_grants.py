"""The rules by which policies are judged here: a policy that says too much or too little is found, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from tests.least_privilege.calls import caller, calls, to_tell_absence
from tests.least_privilege.grants import Call, Grant, allowed, excess, grants_of, idle_conditions

BUCKET = "arn:aws:s3:::store"
LIST = Call("s3:ListBucket", BUCKET, (("s3:prefix", "mlflow/1/"),))
CALLS = {
    LIST,
    LIST._replace(context=(("s3:prefix", "mlflow/2/"),)),
    Call("s3:GetObject", f"{BUCKET}/mlflow/1/a"),
    Call("s3:GetObject", f"{BUCKET}/mlflow/2/a"),
}


def policy(objects: str = "mlflow/*", prefixes: Any = "mlflow/*", *more: str) -> list[Grant]:
    prefix = {"Condition": {"StringLike": {"s3:prefix": prefixes}}} if prefixes else {}
    listing = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [BUCKET], **prefix}
    reading = {"Effect": "Allow", "Action": ["s3:GetObject", *more], "Resource": f"{BUCKET}/{objects}"}
    return [*grants_of(listing), *grants_of(reading)]


def test_a_policy_that_fits_has_nothing_too_much() -> None:
    assert all(allowed(policy(), call) for call in CALLS)
    assert excess(policy(), CALLS) == idle_conditions(policy(), CALLS) == []


@pytest.mark.parametrize(
    ("grants", "found"),
    [
        (policy("*"), f"{BUCKET}/*: {BUCKET}/mlflow/* would do"),
        (policy("mlflow/*", "mlflow/*", "s3:PutObject"), f"s3:PutObject on {BUCKET}/mlflow/*"),
        (policy("mlflow/*", "ml*"), "s3:prefix StringLike ml*: mlflow/* would do"),
        (policy("mlflow/*", ["mlflow/*", "other/*"]), "s3:prefix StringLike mlflow/*, other/*: without other/*"),
        (policy("mlflow/*", None), f"s3:ListBucket on {BUCKET}: where s3:prefix StringLike mlflow/* would do"),
        ([*policy(), Grant("s3:GetObject", f"{BUCKET}/mlflow/1/*")], f"s3:GetObject on {BUCKET}/mlflow/1/*"),
    ],
)
def test_what_is_too_much_is_named(grants: list[Grant], found: str) -> None:
    assert found in excess(grants, CALLS)


@pytest.mark.parametrize("grants", [policy("other/*"), policy("mlflow/1/*"), policy("mlflow/*", "mlflow/1/*")])
def test_what_is_too_little_is_denied(grants: list[Grant]) -> None:
    assert not all(allowed(grants, call) for call in CALLS)


def test_a_condition_beside_a_grant_without_it_holds_nothing_back() -> None:
    grants = [*policy(), Grant("s3:ListBucket", BUCKET)]
    assert "s3:prefix StringLike mlflow/* with nothing" in idle_conditions(grants, CALLS)


def test_a_key_that_the_request_has_not_matches_nothing() -> None:
    assert not allowed(policy(), Call("s3:ListBucket", BUCKET))
    assert not allowed(policy(), LIST._replace(context=(("s3:prefix", "mlflow"),)))


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}},
    ],
)
def test_what_is_not_understood_is_not_guessed(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not understood"):
        list(grants_of(statement))


def request(method: str, path: str, **more: Any) -> Request:
    return Request(EnvironBuilder(path, method=method, **more).get_environ())


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("GET", "/b?list-type=2&prefix=a%2F&delimiter=%2F", Call("s3:ListBucket", "b", (("s3:prefix", "a/"),))),
        ("GET", "/b?versions&prefix=a", Call("s3:ListBucketVersions", "b", (("s3:prefix", "a"),))),
        ("HEAD", "/b/a/c", Call("s3:GetObject", "b/a/c")),
        ("GET", "/b/a?versionId=1", Call("s3:GetObjectVersion", "b/a")),
        ("PUT", "/b/a?partNumber=1&uploadId=1", Call("s3:PutObject", "b/a")),
        ("POST", "/b/a?uploads", Call("s3:PutObject", "b/a")),
        ("DELETE", "/b/a?uploadId=1", Call("s3:AbortMultipartUpload", "b/a")),
        ("DELETE", "/b/a?versionId=1", Call("s3:DeleteObjectVersion", "b/a")),
    ],
)
def test_a_request_asks_what_awss_table_says(method: str, path: str, call: Call) -> None:
    assert calls(request(method, path)) == [call._replace(resource=f"arn:aws:s3:::{call.resource}")]


def test_many_deletions_ask_for_each_key() -> None:
    body = b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object><Object><Key>c</Key>'
    asked = calls(request("POST", "/b?delete"), body + b"</Object></Delete>")
    assert asked == [Call("s3:DeleteObject", "arn:aws:s3:::b/a"), Call("s3:DeleteObject", "arn:aws:s3:::b/c")]


def test_a_secret_is_asked_for_by_its_arn() -> None:
    asked = request("POST", "/", headers={"X-Amz-Target": "secretsmanager.GetSecretValue"})
    assert calls(asked, b'{"SecretId": "arn:s"}') == [Call("secretsmanager:GetSecretValue", "arn:s")]
    with pytest.raises(LookupError, match="by its name"):
        calls(asked, b'{"SecretId": "s"}')


@pytest.mark.parametrize(("method", "path"), [("GET", "/b?acl"), ("PUT", "/b"), ("PUT", "/b/a?tagging")])
def test_a_request_that_is_not_known_is_not_passed_over(method: str, path: str) -> None:
    with pytest.raises(LookupError, match="not known"):
        calls(request(method, path))


@pytest.mark.parametrize("header", ["x-amz-acl", "x-amz-tagging", "x-amz-copy-source"])
def test_nor_is_one_that_asks_for_more(header: str) -> None:
    with pytest.raises(LookupError, match="not known"):
        calls(request("PUT", "/b/a", headers={header: "x"}))


def test_who_calls_is_in_the_header_or_in_a_signed_link() -> None:
    signed = "AWS4-HMAC-SHA256 Credential=task/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=1"
    assert caller(request("GET", "/b", headers={"Authorization": signed})) == "task"
    assert caller(request("GET", "/b?X-Amz-Credential=task%2F20260101%2Fus-east-1%2Fs3%2Faws4_request")) == "task"


def test_who_may_not_list_is_not_told_that_an_object_is_absent() -> None:
    assert to_tell_absence([Call("s3:GetObject", f"{BUCKET}/a/c")]) == [Call("s3:ListBucket", BUCKET)]
    assert to_tell_absence([Call("s3:PutObject", f"{BUCKET}/a")]) == []

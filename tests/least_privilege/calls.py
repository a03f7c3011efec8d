"""What a request to AWS asks of IAM: its action, its resource, and the keys that conditions can be about.

The actions are those of AWS's tables: "Required permissions for Amazon S3 API operations"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html), and for the JSON services the
operation's own name. A request that is not known here raises LookupError: it is never taken for one that needs nothing.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote
from xml.etree import ElementTree

from werkzeug.wrappers import Request

from tests.least_privilege.grants import Call

# Method, whether there is a key, the parameter that makes another operation of it (none: the plain one) -> action.
S3 = {
    ("GET", "bucket", ""): "s3:ListBucket",  # ListObjects, ListObjectsV2
    ("HEAD", "bucket", ""): "s3:ListBucket",
    ("GET", "bucket", "versions"): "s3:ListBucketVersions",
    ("GET", "bucket", "location"): "s3:GetBucketLocation",
    ("GET", "bucket", "uploads"): "s3:ListBucketMultipartUploads",
    ("POST", "bucket", "delete"): "s3:DeleteObject",  # DeleteObjects: on each key
    ("GET", "key", ""): "s3:GetObject",
    ("HEAD", "key", ""): "s3:GetObject",
    ("GET", "key", "versionId"): "s3:GetObjectVersion",
    ("HEAD", "key", "versionId"): "s3:GetObjectVersion",
    ("GET", "key", "uploadId"): "s3:ListMultipartUploadParts",
    ("PUT", "key", ""): "s3:PutObject",
    ("POST", "key", "uploads"): "s3:PutObject",  # CreateMultipartUpload
    ("PUT", "key", "uploadId"): "s3:PutObject",  # UploadPart
    ("POST", "key", "uploadId"): "s3:PutObject",  # CompleteMultipartUpload
    ("DELETE", "key", "uploadId"): "s3:AbortMultipartUpload",
    ("DELETE", "key", ""): "s3:DeleteObject",
    ("DELETE", "key", "versionId"): "s3:DeleteObjectVersion",
}
# Parameters that change neither operation nor action.
PLAIN = re.compile(
    r"(?i)x-id|x-amz-.*|response-.*|list-type|prefix|delimiter|max-keys|encoding-type|fetch-owner|start-after"
    r"|continuation-token|key-marker|version-id-marker|partNumber"
)
KEYS = {"prefix": "s3:prefix"}  # what confines a listing
# Headers by which a PutObject needs more than s3:PutObject, and a GetObject of a copy's source.
MORE = {"x-amz-acl", "x-amz-tagging", "x-amz-copy-source", "x-amz-object-lock-mode", "x-amz-grant-full-control"}
PREFIXES = {"secretsmanager": "secretsmanager", "AmazonSSM": "ssm"}


def caller(request: Request) -> str:
    """The access key that a request is signed with, in its header or, where the URL is presigned, there."""
    signed = request.headers.get("Authorization", "").partition("Credential=")[2]
    return unquote(signed or request.args.get("X-Amz-Credential", "")).partition("/")[0]


def calls(request: Request, body: bytes = b"") -> list[Call]:
    """What a request asks; an S3 one is by path, as to an endpoint that is an address."""
    if target := request.headers.get("X-Amz-Target"):
        prefix, _, operation = target.partition(".")
        return [Call(f"{PREFIXES[prefix]}:{operation}", _secret(body))]
    bucket, _, key = request.path.removeprefix("/").partition("/")
    operations = [name for name in request.args if not PLAIN.fullmatch(name)]
    asked = (request.method, "key" if key else "bucket", ",".join(operations))
    if asked not in S3 or MORE & {name.lower() for name, _ in request.headers}:
        raise LookupError(f"{request.method} {request.full_path} asks for what is not known here")
    arn = f"arn:aws:s3:::{bucket}"
    if asked[2] == "delete":
        return [Call(S3[asked], f"{arn}/{key}") for key in _keys(body)]
    context = tuple((KEYS[name], value) for name, value in request.args.items() if name in KEYS)
    return [Call(S3[asked], f"{arn}/{key}" if key else arn, context)]


def to_tell_absence(asked: list[Call]) -> list[Call]:
    """What is needed besides where the answer is that the object is not there; else S3 answers 403 Forbidden.

    "If you have the s3:ListBucket permission on the bucket, Amazon S3 returns an HTTP status code 404":
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html. The request has no prefix.
    """
    reads = ("s3:GetObject", "s3:GetObjectVersion")
    return [Call("s3:ListBucket", call.resource.partition("/")[0]) for call in asked if call.action in reads]


def _secret(body: bytes) -> str:
    arn = str(json.loads(body)["SecretId"])
    if not arn.startswith("arn:"):
        raise LookupError(f"a secret that is asked for by its name, {arn}: the ARN is not known here")
    return arn


def _keys(body: bytes) -> list[str]:
    found = [node.text or "" for node in ElementTree.fromstring(body).iter() if node.tag.endswith("}Key")]
    if not found or b"VersionId" in body:
        raise LookupError(f"a deletion that is not known here: {body!r}")
    return found

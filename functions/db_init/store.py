"""The table setup script's object: put there where there is none, used as it is where somebody has put another."""

from __future__ import annotations

import hashlib
from typing import Any

from request import RefusedError, Request

MARK = "db-init"  # user metadata of the objects that this function put: the SHA-256 of what it put


def fetch(s3: Any, request: Request, packaged: bytes) -> bytes:
    """Return the script to run: the object's content, or `packaged`, which is put where nobody has put another."""
    place = _place(request)
    try:
        found = s3.get_object(**place)
        body: bytes = found["Body"].read()
        if not _ours(found, body):
            return body
    except s3.exceptions.NoSuchKey:
        body = b""
    except s3.exceptions.ClientError as error:
        raise _refused(error, place) from None
    if body != packaged:
        try:
            s3.put_object(**place, Body=packaged, Metadata={MARK: hashlib.sha256(packaged).hexdigest()})
        except s3.exceptions.ClientError as error:
            raise _refused(error, place) from None
    return packaged


def take_away(s3: Any, request: Request) -> int:
    """Delete every version of the object that this function put, unless another's is the newest; return how many."""
    bucket, key = _place(request).values()
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    versions = [one for page in pages for one in page.get("Versions", []) if one["Key"] == key]
    place = {"Bucket": bucket, "Key": key}

    def ours(version: dict[str, Any]) -> bool:
        found = s3.get_object(**place, VersionId=version["VersionId"])
        return _ours(found, found["Body"].read())

    if not all(ours(version) for version in versions if version["IsLatest"]):
        return 0
    mine = [version["VersionId"] for version in versions if ours(version)]
    for version in mine:
        s3.delete_object(**place, VersionId=version)
    return len(mine)


def _place(request: Request) -> dict[str, str]:
    return {"Bucket": request.table_setup_script_bucket_name, "Key": request.table_setup_script_bucket_key}


def _ours(found: Any, body: bytes) -> bool:
    return bool(found["Metadata"].get(MARK) == hashlib.sha256(body).hexdigest())


def _refused(error: Any, place: dict[str, str]) -> RefusedError:
    said = error.response["Error"]
    return RefusedError(f"s3://{place['Bucket']}/{place['Key']}: {said['Code']}: {said['Message']}")

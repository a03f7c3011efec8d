"""A private bucket: versioned, encrypted, closed to the public, TLS-only, never dropped with what it holds."""

from __future__ import annotations

from typing import Any

from awacs import s3 as to
from awacs.aws import Condition, Statement, StringLike
from troposphere import GetAtt, If, Join, NoValue, Ref, s3

from templates_py.inputs import STRING, Input, Like, Value, name, optional
from templates_py.policies import allow, arn, document, tls_only
from templates_py.shared import RETAINED

BUCKET = Like("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket name of 3 to 63 small letters, digits, dots, hyphens")


def bucket_name(of: str) -> Input:
    """The row that names a new bucket."""
    return name(f"Name of the S3 bucket {of}", BUCKET)


def existing_bucket(of: str) -> Input:
    """The row that names a bucket to use instead of a new one."""
    return optional(STRING, f"Name of an existing S3 bucket {of}", BUCKET, otherwise="a new one")


def existing_access_logs() -> Input:
    """The row that names a bucket for access logs, of which a company has one as a rule."""
    return optional(STRING, "Name of an existing S3 bucket of access logs", BUCKET, otherwise="a new one of MLflow's")


def logged(bucket: Any, folder: str) -> s3.LoggingConfiguration:
    """The property by which a bucket has its access logs in a folder of another."""
    return s3.LoggingConfiguration(DestinationBucketName=bucket, LogFilePrefix=f"{folder}/")


def logged_where_given(bucket: Value, folder: str) -> If:
    """The same, where there is such a bucket."""
    return If(bucket.given, logged(bucket, folder), NoValue)


def private_bucket(title: str, name: Any, *rules: s3.LifecycleRule, key: Value | None = None, **more: Any) -> s3.Bucket:
    """The bucket. It is retained, since it may hold the only copy of something; a failed first create takes it away.

    `rules` say what becomes of its objects in time; `key` is one's own, where it may be encrypted by that; `more` says
    more of it, or otherwise.
    """
    return s3.Bucket(
        title,
        BucketName=name,
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        BucketEncryption=If(key.given, _encryption(key), _encryption()) if key else _encryption(),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        OwnershipControls=s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[
                s3.LifecycleRule(
                    Id="AbortIncompleteUploads",
                    Status="Enabled",
                    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                ),
                *rules,
            ]
        ),
        NotificationConfiguration=s3.NotificationConfiguration(
            EventBridgeConfiguration=s3.EventBridgeConfiguration(
                EventBridgeEnabled=True
            )  # a rule can follow new models
        ),
        **{**RETAINED, **more},
    )


def _encryption(key: Value | None = None) -> s3.BucketEncryption:
    """By S3's own keys, or by one's own: then S3 asks KMS for a key of the bucket, and not for each object."""
    rule = s3.ServerSideEncryptionRule()
    if key:
        rule.ServerSideEncryptionByDefault = s3.ServerSideEncryptionByDefault(
            SSEAlgorithm="aws:kms", KMSMasterKeyID=key
        )
        rule.BucketKeyEnabled = True
    else:
        rule.ServerSideEncryptionByDefault = s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def tls_only_policy(bucket: s3.Bucket, *statements: Statement, **more: Any) -> s3.BucketPolicy:
    """The bucket's policy: nobody speaks to it without TLS. Where the bucket stays, so does that.

    `statements` let a service in, where the bucket is there for that.
    """
    arn = GetAtt(bucket, "Arn")
    return s3.BucketPolicy(
        f"{bucket.title}Policy",
        Bucket=Ref(bucket),
        PolicyDocument=document(tls_only(arn, Join("", [arn, "/*"])), *statements),
        **{**RETAINED, **more},
    )


def in_folder(bucket: Any, folder: Any) -> list[Statement]:
    """Read and write the objects of a folder, and list them; nothing else of the bucket, and nothing is deleted."""
    whole = arn("s3", bucket)
    below = Condition(StringLike({"s3:prefix": [Join("", [folder, "/*"])]}))
    return [
        allow(to.ListBucket, on=[whole], Condition=below),
        allow(to.GetObject, to.PutObject, to.AbortMultipartUpload, on=[Join("", [whole, "/", folder, "/*"])]),
    ]

"""Who asked for what: the bucket of the load balancer's access logs and of the artifact bucket's.

It stands in `storage`, beside the artifact bucket: that names it, and its policy names that.
"""

from __future__ import annotations

from typing import Any

from awacs import s3 as to
from awacs.aws import ArnLike, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, GetAtt, Join, Retain, s3

from templates_py.buckets import private_bucket, tls_only_policy
from templates_py.policies import allow

# Folders of the bucket.
BALANCER, ARTIFACTS = "load-balancer", "artifact-store"
# A failed first create leaves it too: the balancer puts a file into it at once, to try it, and a bucket with something
# in it is not deleted: with RetainExceptOnCreate the rollback would end in ROLLBACK_FAILED (P62).
KEPT: dict[str, Any] = {"DeletionPolicy": Retain, "UpdateReplacePolicy": Retain}


def log_bucket(title: str, name: Any, days: Any, **more: Any) -> s3.Bucket:
    """The bucket: what is in it goes after so many days, the versions that nobody sees a day later.

    A balancer delivers to S3's own keys alone (SSE-S3). Source: ELB guide, Enable access logs, Requirements.
    """
    expire = s3.LifecycleRule(
        Id="ExpireLogs",
        Status="Enabled",
        ExpirationInDays=days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
    )
    return private_bucket(title, name, expire, **KEPT, **more)


def log_bucket_policy(bucket: s3.Bucket, artifact_bucket: Any, **more: Any) -> s3.BucketPolicy:
    """The two that write to it, each to its folder.

    A balancer's logs go to a folder of its account's number, so that nobody else's balancer reaches ours. No more is
    asked of it: a condition on a key that it does not send would refuse the balancer itself. Sources: ELB guide, Enable
    access logs; S3 User Guide, Enabling server access logging.
    """
    ours = Condition([StringEquals({"aws:SourceAccount": AccountId}), ArnLike({"aws:SourceArn": artifact_bucket})])
    return tls_only_policy(
        bucket,
        _delivery("logdelivery.elasticloadbalancing", bucket, f"{BALANCER}/AWSLogs", AccountId, "*"),
        _delivery("logging.s3", bucket, ARTIFACTS, "*", Condition=ours),
        **KEPT,
        **more,
    )


def _delivery(service: str, bucket: s3.Bucket, *path: Any, **more: Any) -> Statement:
    below = Join("/", [GetAtt(bucket, "Arn"), *path])
    return allow(to.PutObject, on=[below], Principal=Principal("Service", [f"{service}.amazonaws.com"]), **more)


def balancer_logs(bucket: Any) -> dict[str, Any]:
    """The load balancer's attributes."""
    return {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": BALANCER}

"""What holds data is encrypted and closed, and what happens is logged."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.relations.kept import LOGS, REPOSITORY, TABLE
from templates_py.review.relations.logs import log_buckets
from templates_py.review.relations.view import (
    BUCKET,
    DATABASE,
    FUNCTIONS,
    JOB,
    TASK,
    at,
    containers,
    items,
    named,
    of,
    said,
    walk,
    yes,
)
from templates_py.review.tree import Tree

PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


ENCRYPTED = {
    DATABASE: ("StorageEncrypted",),
    TABLE: ("SSESpecification", "SSEEnabled"),
}


def what_holds_data_is_encrypted(tree: Tree) -> Iterator[str]:
    for one in tree.resources.values():
        if one.type in ENCRYPTED and not yes(at(one.properties, *ENCRYPTED[one.type])):
            yield f"{one.path} is not encrypted"
        if one.type == BUCKET:
            algorithms = [at(node, "SSEAlgorithm") for node in walk(one.properties.get("BucketEncryption"))]
            if not set(algorithms) & {"AES256", "aws:kms"}:
                yield f"{one.path} is not encrypted"
        if one.type == REPOSITORY and not at(one.properties, "EncryptionConfiguration", "EncryptionType"):
            yield f"{one.path} does not say how it is encrypted"
        if one.type == "AWS::EC2::LaunchTemplate":
            disks = [node["Ebs"] for node in walk(one.properties) if isinstance(node, dict) and "Ebs" in node]
            if not disks or not all(yes(at(disk, "Encrypted")) for disk in disks):
                yield f"{one.path} gives instances a disk that is not encrypted"


def buckets_are_closed(tree: Tree) -> Iterator[str]:
    """To the public, to other accounts' objects, and to whoever comes without TLS."""
    policies = of(tree, "AWS::S3::BucketPolicy")
    for bucket in of(tree, BUCKET):
        blocked = bucket.properties.get("PublicAccessBlockConfiguration")
        for name in PUBLIC:
            if not yes(at(blocked, name)):
                yield f"{bucket.path} has not {name}"
        if "BucketOwnerEnforced" not in said(bucket.properties.get("OwnershipControls")):
            yield f"{bucket.path} takes access control lists"
        arns = [
            node
            for policy in policies
            if bucket.path in named(policy.properties.get("Bucket"))
            for statement in items(at(policy.properties, "PolicyDocument", "Statement"))
            if _denies_plain(statement)
            for node in items(statement.get("Resource"))
        ]
        whole = {"Fn::GetAtt": [bucket.path, "Arn"]}
        for needed in (whole, {"Fn::Join": ["", [whole, "/*"]]}):
            if needed not in arns:
                yield f"{bucket.path} is not closed to whoever comes without TLS: {said(needed)}"
    for policy in policies:
        for statement in items(at(policy.properties, "PolicyDocument", "Statement")):
            if statement.get("Effect") != "Deny" and not named(policy.properties.get("Bucket")) & log_buckets(tree):
                yield f"{policy.path} allows something"


def _denies_plain(statement: dict[str, object]) -> bool:
    everybody = statement.get("Principal") in ("*", {"AWS": "*"})
    plain = said(at(statement, "Condition", "Bool", "aws:SecureTransport")) == "false"
    return everybody and plain and items(statement.get("Action")) == ["s3:*"] and statement.get("Effect") == "Deny"


def what_is_said_is_logged_for_a_time(tree: Tree) -> Iterator[str]:
    """To a log group of the template, which forgets it some day."""
    groups = {one.path: one for one in of(tree, LOGS)}
    for group in groups.values():
        if not group.properties.get("RetentionInDays"):
            yield f"{group.path} never forgets"
        if not tree.users.get(group.path) and group.path not in named(list(tree.outputs.values())):
            yield f"{group.path} is used by nothing"
    for one in of(tree, TASK, JOB):
        for box in containers(one):
            if not named(at(box, "LogConfiguration", "Options", "awslogs-group")) & groups.keys():
                yield f"{one.path} does not log to a log group of its own"
            options = at(box, "LogConfiguration", "Options") or {}
            if not options.get("awslogs-region") or not options.get("awslogs-stream-prefix"):
                yield f"{one.path} does not say where its log is, or whose it is"
    owners: dict[str, str] = {}
    for one in of(tree, *FUNCTIONS, TASK, JOB):
        boxes = containers(one) if one.type not in FUNCTIONS else []
        places = [at(one.properties, "LoggingConfig", "LogGroup")] if one.type in FUNCTIONS else []
        for place in places + [at(box, "LogConfiguration", "Options", "awslogs-group") for box in boxes]:
            for path in named(place) & groups.keys():
                if owners.setdefault(path, one.type) != one.type:
                    yield f"{path} has the logs of {one.path} and of others"
        if one.type in FUNCTIONS and not named(places) & groups.keys():
            yield f"{one.path} does not log to a log group of its own"
    for one in of(tree, DATABASE):
        if "error" not in items(one.properties.get("EnableCloudwatchLogsExports")):
            yield f"{one.path} keeps its errors to itself"


RULES = (
    what_holds_data_is_encrypted,
    buckets_are_closed,
    what_is_said_is_logged_for_a_time,
)

"""Who asked for what is written down, in a bucket that takes that and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import (
    BALANCER,
    BUCKET,
    TASK,
    at,
    containers,
    environment,
    items,
    named,
    of,
    said,
    walk,
    words,
    yes,
)
from templates_py.review.scope import Body, Resource
from templates_py.review.tree import Tree

POLICY = "AWS::S3::BucketPolicy"
OF_BALANCERS, OF_BUCKETS = "logdelivery.elasticloadbalancing.amazonaws.com", "logging.s3.amazonaws.com"


def _attributes(balancer: Resource) -> Body:
    return {pair.get("Key"): pair.get("Value") for pair in items(balancer.properties.get("LoadBalancerAttributes"))}


def _folder(prefix: Any) -> str:
    return said(prefix).strip("/")


def log_buckets(tree: Tree) -> set[str]:
    """The buckets that are told to by what writes access logs."""
    told = [_attributes(one).get("access_logs.s3.bucket") for one in of(tree, BALANCER)]
    told += [at(one.properties, "LoggingConfiguration", "DestinationBucketName") for one in of(tree, BUCKET)]
    return named(told) & {one.path for one in of(tree, BUCKET)}


def _artifact_buckets(tree: Tree) -> list[Any]:
    """What tasks store artifacts in, of the template or not."""
    roots = [environment(box).get("ARTIFACT_ROOT") for task in of(tree, TASK) for box in containers(task)]
    return [root for root in roots if root]


def what_is_asked_for_is_written_down(tree: Tree) -> Iterator[str]:
    """By the load balancer and by the artifact bucket, in one bucket, each in a folder of its own."""
    stores = {path for root in _artifact_buckets(tree) for path in named(root)}
    places = [(one.path, *_balancer_place(one)) for one in of(tree, BALANCER)]
    for one in of(tree, BUCKET):
        place = one.properties.get("LoggingConfiguration")
        if one.path in stores or place is not None:
            places.append((one.path, at(place, "DestinationBucketName"), at(place, "LogFilePrefix")))
    for path, bucket, folder in places:
        if not folder or not bucket or path in named(bucket):
            yield f"{path} does not write down who asks it for what, in a bucket and a folder"
    if len({said(bucket) for _, bucket, _ in places}) > 1:
        yield f"access logs are in more buckets than one: {', '.join(sorted(path for path, _, _ in places))}"
    if len({_folder(folder) for _, _, folder in places}) < len(places):
        yield "access logs are mixed in one folder"


def _balancer_place(balancer: Resource) -> tuple[Any, Any]:
    attributes = _attributes(balancer)
    on = yes(attributes.get("access_logs.s3.enabled"))
    return (attributes.get("access_logs.s3.bucket") if on else None), attributes.get("access_logs.s3.prefix")


def log_buckets_take_nothing_but_logs(tree: Tree) -> Iterator[str]:
    """Of our account's balancers, and of the artifact bucket; each to its own folder."""
    for path in sorted(log_buckets(tree)):
        policies = [one for one in of(tree, POLICY) if path in named(one.properties.get("Bucket"))]
        statements = [one for policy in policies for one in items(at(policy.properties, "PolicyDocument", "Statement"))]
        allowed = [one for one in statements if one.get("Effect") == "Allow"]
        senders = [said(at(one, "Principal", "Service")) for one in allowed]
        if sorted(senders) != sorted(said([service]) for service in (OF_BALANCERS, OF_BUCKETS)):
            yield f"{path} lets in {', '.join(senders)}"
        for one in allowed:
            if items(one.get("Action")) != ["s3:PutObject"]:
                yield f"{path} lets a service do {said(one.get('Action'))}"
            wrong = _of_balancers(tree, path, one) if OF_BALANCERS in said(one) else _of_buckets(tree, path, one)
            if wrong:
                yield f"{path} {wrong}: {said(one)}"


def _of_balancers(tree: Tree, path: str, one: Body) -> str:
    prefixes = [_attributes(balancer).get("access_logs.s3.prefix") for balancer in of(tree, BALANCER)]
    ours = {"Ref": "AWS::AccountId"}
    expected = [_below(path, f"{_folder(prefix)}/AWSLogs", ours, "*") for prefix in prefixes]
    return "" if items(one.get("Resource")) == expected else "takes a balancer's logs elsewhere than in its folder"


def _of_buckets(tree: Tree, path: str, one: Body) -> str:
    told = [bucket.properties.get("LoggingConfiguration") for bucket in of(tree, BUCKET)]
    folders = [_folder(at(given, "LogFilePrefix")) for given in told if given]
    if folders and items(one.get("Resource")) != [_below(path, folder, "*") for folder in folders]:
        return "takes a bucket's logs elsewhere than in its folder"
    conditions = at(one, "Condition")
    source = at(conditions, "ArnLike", "aws:SourceArn")
    if at(conditions, "StringEquals", "aws:SourceAccount") != {"Ref": "AWS::AccountId"}:
        return "takes logs of another account"
    senders = [words(root) for root in _artifact_buckets(tree)]
    senders += [words({"Ref": one.path}) for one in of(tree, BUCKET) if one.properties.get("LoggingConfiguration")]
    if not source or (senders and not any(words(source) & sender for sender in senders)):
        return "takes the logs of a bucket that stores no artifacts"
    return ""


def _below(path: str, *folders: Any) -> Body:
    return {"Fn::Join": ["/", [{"Fn::GetAtt": [path, "Arn"]}, *folders]]}


def log_buckets_forget_and_stay(tree: Tree) -> Iterator[str]:
    """They forget some day; by S3's own keys, since a balancer delivers to no others; and no rollback waits for one.

    A balancer puts a file into its bucket at once: a deletion of that fails.
    """
    for path in sorted(log_buckets(tree)):
        bucket = tree.resources[path]
        rules = items(at(bucket.properties, "LifecycleConfiguration", "Rules"))
        on = [rule for rule in rules if rule.get("Status") == "Enabled"]
        if not any(rule.get("ExpirationInDays") for rule in on):
            yield f"{path} never forgets"
        if not any(at(rule, "NoncurrentVersionExpiration", "NoncurrentDays") for rule in on):
            yield f"{path} never forgets what is not seen"
        algorithms = [at(node, "SSEAlgorithm") for node in walk(bucket.properties.get("BucketEncryption"))]
        if set(algorithms) - {None} != {"AES256"}:
            yield f"{path} is encrypted in a way that no balancer delivers to"
        if bucket.attributes.get("DeletionPolicy") != "Retain":
            yield f"{path} would be deleted in a rollback, with a balancer's file in it"


def what_is_stored_is_told_of(tree: Tree) -> Iterator[str]:
    """A rule of EventBridge can follow what a bucket gets."""
    for one in of(tree, BUCKET):
        if not yes(at(one.properties, "NotificationConfiguration", "EventBridgeConfiguration", "EventBridgeEnabled")):
            yield f"{one.path} tells nobody of what it gets"


RULES = (
    what_is_stored_is_told_of,
    what_is_asked_for_is_written_down,
    log_buckets_take_nothing_but_logs,
    log_buckets_forget_and_stay,
)

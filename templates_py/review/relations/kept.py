"""What holds data is kept: through deletion and replacement, encrypted, backed up, closed to the public."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.relations.logs import log_buckets
from templates_py.review.relations.view import (
    BALANCER,
    BUCKET,
    DATABASE,
    SECRET,
    at,
    items,
    named,
    of,
    said,
    yes,
)
from templates_py.review.tree import Tree

REPOSITORY, TABLE, LOGS = "AWS::ECR::Repository", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup"
COMPANIONS = ("AWS::RDS::DBSubnetGroup", "AWS::RDS::DBParameterGroup", "AWS::EC2::SecurityGroup", SECRET)
POLICY = "AWS::S3::BucketPolicy"
KEPT = {"RetainExceptOnCreate", "Snapshot"}


def what_holds_data_outlives_its_stack(tree: Tree) -> Iterator[str]:
    """It is retained or leaves a snapshot, deleted or replaced; but not where its first creation failed (P62)."""
    for one in of(tree, BUCKET, TABLE, DATABASE):
        deleted, replaced = (one.attributes.get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy"))
        allowed = KEPT if one.type == DATABASE else KEPT - {"Snapshot"}
        if one.path in log_buckets(tree):
            allowed = {"Retain"}
        if deleted not in allowed:
            yield f"{one.path} has the DeletionPolicy {deleted}, expected {' or '.join(sorted(allowed))}"
        if replaced not in ("Retain", "Snapshot") or (replaced == "Snapshot" and one.type != DATABASE):
            yield f"{one.path} has the UpdateReplacePolicy {replaced}, and what it holds would be lost"
    for one in of(tree, REPOSITORY):
        if said(one.properties.get("EmptyOnDelete")) not in ("false", "None"):
            yield f"{one.path} is deleted with its images"


def a_bucket_that_stays_keeps_its_policy(tree: Tree) -> Iterator[str]:
    """Left alone, it is closed to who comes without TLS as before."""
    for policy in of(tree, POLICY):
        own = named(policy.properties.get("Bucket")) & tree.resources.keys()
        for bucket in (tree.resources[path] for path in sorted(own)):
            for name in ("DeletionPolicy", "UpdateReplacePolicy"):
                if bucket.type == BUCKET and policy.attributes.get(name) != bucket.attributes.get(name):
                    yield f"{policy.path} has not the {name} of {bucket.path}"


def what_a_retained_database_needs_is_retained(tree: Tree) -> Iterator[str]:
    """Its subnets, its parameters, its group, its secrets (P63)."""
    for database in of(tree, DATABASE):
        if database.attributes.get("DeletionPolicy") != "RetainExceptOnCreate":
            continue
        for path in sorted(tree.uses[database.path]):
            one = tree.resources[path]
            kept = [one.attributes.get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy")]
            if one.type in COMPANIONS and kept != ["RetainExceptOnCreate", "Retain"]:
                yield f"{path} is not retained with {database.path}, which needs it"


def what_holds_data_can_be_had_back(tree: Tree) -> Iterator[str]:
    """Backups that outlive the database, versions of objects, images that nobody can replace."""
    for one in of(tree, DATABASE):
        kept = one.properties.get("BackupRetentionPeriod")
        if kept is None or said(kept) == "0":
            yield f"{one.path} has no backups"
        if said(one.properties.get("DeleteAutomatedBackups")) != "false":
            yield f"{one.path} takes its backups away with it"
        if not yes(one.properties.get("CopyTagsToSnapshot")):
            yield f"{one.path} leaves snapshots that nobody can tell apart"
    for one in of(tree, BUCKET):
        if at(one.properties, "VersioningConfiguration", "Status") != "Enabled":
            yield f"{one.path} keeps no versions"
    for one in of(tree, TABLE):
        if not yes(at(one.properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")):
            yield f"{one.path} has no backups"


def what_is_in_use_refuses_to_be_deleted(tree: Tree) -> Iterator[str]:
    """The databases, and the load balancer, whose address clients know."""
    for one in of(tree, DATABASE):
        if not yes(one.properties.get("DeletionProtection")):
            yield f"{one.path} is not protected from deletion"
    for one in of(tree, BALANCER):
        attributes = {
            pair.get("Key"): pair.get("Value") for pair in items(one.properties.get("LoadBalancerAttributes"))
        }
        if not yes(attributes.get("deletion_protection.enabled")):
            yield f"{one.path} is not protected from deletion"
        if not yes(attributes.get("routing.http.drop_invalid_header_fields.enabled")):
            yield f"{one.path} lets invalid headers through"


def a_database_is_in_places_of_its_own(tree: Tree) -> Iterator[str]:
    """In a subnet group, by a parameter group and in a security group that are there for it."""
    for database in of(tree, DATABASE):
        for key, kind in (("DBSubnetGroupName", COMPANIONS[0]), ("DBParameterGroupName", COMPANIONS[1])):
            given = [tree.resources[path] for path in named(database.properties.get(key)) & tree.resources.keys()]
            shared = {user.path for one in given for user in tree.users[one.path]} - {database.path}
            if [one.type for one in given] != [kind] or shared:
                yield f"{database.path} has no {key} of its own"
        version = said(database.properties.get("EngineVersion")).split(".")
        engine = said(database.properties.get("Engine")) + ".".join(version[:2])
        for one in of(tree, COMPANIONS[1]):
            if one.path in tree.uses[database.path] and said(one.properties.get("Family")) != engine:
                yield f"{database.path} is a {engine}, and {one.path} is for {said(one.properties.get('Family'))}"


RULES = (
    what_holds_data_outlives_its_stack,
    a_bucket_that_stays_keeps_its_policy,
    what_a_retained_database_needs_is_retained,
    what_holds_data_can_be_had_back,
    what_is_in_use_refuses_to_be_deleted,
    a_database_is_in_places_of_its_own,
)

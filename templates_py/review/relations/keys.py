"""A KMS key of one's own: all that is stored is encrypted by it, and who needs it may use it, for that alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.identity import roles, statements
from templates_py.review.relations.kept import LOGS, REPOSITORY, TABLE
from templates_py.review.relations.logs import log_buckets
from templates_py.review.relations.view import BUCKET, DATABASE, FUNCTIONS, SECRET, at, items, of, said, walk
from templates_py.review.scope import Body, Resource
from templates_py.review.tree import Tree

TEMPLATE = "AWS::EC2::LaunchTemplate"
# Where a resource names its key, at any depth -> what it says beside that when it has one.
KEYED: dict[str, tuple[str, dict[str, str]]] = {
    DATABASE: ("KmsKeyId", {}),
    SECRET: ("KmsKeyId", {}),
    LOGS: ("KmsKeyId", {}),
    TEMPLATE: ("KmsKeyId", {}),
    REPOSITORY: ("KmsKey", {"EncryptionType": "KMS"}),
    TABLE: ("KMSMasterKeyId", {"SSEType": "KMS", "SSEEnabled": "true"}),
    BUCKET: ("KMSMasterKeyID", {"SSEAlgorithm": "aws:kms", "BucketKeyEnabled": "true"}),
    **dict.fromkeys(FUNCTIONS, ("KmsKeyArn", {})),
}
# What is done to what a key encrypts -> by which service, and what that asks of the key for whoever does it.
ASKED = {
    "secretsmanager:GetSecretValue": ("secretsmanager", {"kms:Decrypt"}),
    "s3:GetObject": ("s3", {"kms:Decrypt"}),
    "s3:PutObject": ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),  # a multipart upload reads what it has stored
}


def _values(one: Resource, name: str) -> list[str]:
    return [said(node[name]) for node in walk(one.properties) if isinstance(node, dict) and name in node]


def _keyed(tree: Tree) -> list[Resource]:
    """What is encrypted by a key of one's own where there is one: but a restored database has its snapshot's key."""
    restored = [one.path for one in of(tree, DATABASE) if one.properties.get("DBSnapshotIdentifier")]
    apart = log_buckets(tree).union(restored)
    return [one for one in of(tree, *KEYED) if one.path not in apart]


def what_a_key_encrypts_is_all_encrypted_by_it(tree: Tree) -> Iterator[str]:
    """Databases, secrets, buckets, logs, images, disks, tables: one key, or none for all."""
    found = {one.path: _values(one, KEYED[one.type][0]) for one in _keyed(tree)}
    keys = {key for named in found.values() for key in named}
    if len(keys) > 1:
        yield f"there are keys: {', '.join(sorted(keys))}"
    for one in _keyed(tree):
        name, beside = KEYED[one.type]
        if keys and not found[one.path]:
            yield f"{one.path} has no {name}, and others have {', '.join(sorted(keys))}"
        for key, value in beside.items():
            if keys and _values(one, key) != [value]:
                yield f"{one.path} has the {key} {', '.join(_values(one, key))}, and a key"


def who_needs_a_key_may_use_it(tree: Tree) -> Iterator[str]:
    """Through the service that they ask, no more than that asks for; nobody may, where there is no key."""
    keys = {key for one in _keyed(tree) for key in _values(one, KEYED[one.type][0])}
    for path, given in _policies(tree):
        needed = {(action, service) for service, action in _needed(given)} if keys else set()
        may = {pair for one in given for pair in _use(one)}
        for action, service in sorted(needed - may):
            yield f"{path} needs {action} through {service}, and may not"
        for action, service in sorted(may - needed):
            yield f"{path} may {action} through {service or 'whatever asks'}, and needs it not"
        for one in given:
            about = {said(resource) for resource in items(one.get("Resource"))}
            if about_a_key(one) and (about != keys or one.get("Effect") != "Allow"):
                yield f"{path} has a statement about the key {', '.join(sorted(about))}"


def _policies(tree: Tree) -> Iterator[tuple[str, list[Body]]]:
    """Who acts by which statements: each role, and each policy that people attach."""
    for role in roles(tree):
        yield role.path, [one for _, one in statements(tree, role)]
    for policy in of(tree, "AWS::IAM::ManagedPolicy"):
        yield policy.path, items(at(policy.properties, "PolicyDocument", "Statement"))


def _needed(given: list[Body]) -> Iterator[tuple[str, str]]:
    actions = {said(action) for one in given for action in items(one.get("Action"))}
    for action in actions & ASKED.keys():
        service, asked = ASKED[action]
        yield from ((service, one) for one in asked)


def about_a_key(statement: Body) -> bool:
    """Whether it is about a key: what is encrypted by it is said elsewhere."""
    return any(said(action).startswith("kms:") for action in items(statement.get("Action")))


def _use(statement: Body) -> Iterator[tuple[str, str]]:
    """What may be done with a key, and through which service."""
    via = at(statement, "Condition", "StringEquals", "kms:ViaService")
    service = next((name for name in ("secretsmanager", "s3") if via == _service(name)), "")
    for action in items(statement.get("Action")):
        if said(action).startswith("kms:"):
            yield said(action), service


def _service(name: str) -> Any:
    return {"Fn::Join": ["", [f"{name}.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}


RULES = (
    what_a_key_encrypts_is_all_encrypted_by_it,
    who_needs_a_key_may_use_it,
)

"""A KMS key of one's own: nothing of it where none is given, everywhere the same one where one is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from templates_py.review.mutation.shapes import CERTIFICATE, IMAGE, KEY, SHAPES, deployed, flat
from templates_py.review.relations.keys import KEYED
from templates_py.review.relations.view import BUCKET, DATABASE, FUNCTIONS, items, of, walk
from templates_py.review.tree import Tree
from tests.emitted import emitted

ARN = KEY["KmsKeyArn"]


@pytest.fixture(scope="module")
def keyed() -> Tree:
    return deployed(flat("both"), CERTIFICATE | KEY)


def keys(tree: Tree) -> dict[str, Any]:
    """What names a key: path -> the key."""
    names = {name for name, _ in KEYED.values()}
    found = [(one.path, node) for one in of(tree, *KEYED) for node in walk(one.properties) if isinstance(node, dict)]
    return {path: node[name] for path, node in found for name in names & node.keys()}


def uses(tree: Tree) -> dict[str, set[tuple[str, str]]]:
    """Who may use the key: role or policy -> (action, through which service)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for one in tree.resources.values():
        for node in walk(one.properties) if one.type.startswith("AWS::IAM::") else ():
            actions = items(node.get("Action")) if isinstance(node, dict) and "Effect" in node else []
            if any(action.startswith("kms:") for action in actions):
                assert node["Resource"] == [ARN]
                (via,) = node["Condition"]["StringEquals"].values()
                service, region, domain = via["Fn::Join"][1]
                assert (region, domain) == ({"Ref": "AWS::Region"}, ".amazonaws.com")
                found.setdefault(one.path, set()).update((action, service.rstrip(".")) for action in actions)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_key_nothing_is_said_of_one(shape: str) -> None:
    for parameters in ({}, IMAGE, CERTIFICATE):
        tree = deployed(flat(shape), parameters)
        assert not any("kms" in json.dumps(one.properties).lower() for one in tree.resources.values())
        assert not any(one.path.endswith("Key") for one in of(tree, "AWS::IAM::ManagedPolicy"))


def test_one_is_asked_for_once_and_by_its_arn() -> None:
    rows = emitted()["template"]["Parameters"]
    assert [name for name in rows if "Kms" in name] == ["KmsKeyArn"]
    assert rows["KmsKeyArn"]["Default"] == ""
    fits = re.compile(rows["KmsKeyArn"]["AllowedPattern"])
    assert fits.match("") and fits.match(ARN)
    assert fits.match("arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab")
    assert not fits.match("arn:aws:kms:eu-west-1:123456789012:alias/ours")  # of which no policy can be
    assert not fits.match("1234abcd-12ab-34cd-56ef-1234567890ab")


@pytest.mark.parametrize("shape", ["both", "artifacts"])
def test_all_that_is_stored_is_encrypted_by_it_but_access_logs(shape: str) -> None:
    tree = deployed(flat(shape), CERTIFICATE | KEY)
    given = keys(tree)
    assert set(given.values()) == {ARN}
    assert {one.path for one in of(tree, *KEYED)} - given.keys() <= {"MlflowStorageAccessLogs"}
    for one in of(tree, BUCKET):
        if one.path in given:
            (rule,) = one.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            assert rule["BucketKeyEnabled"] is True
            assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_each_role_may_use_it_for_what_it_does_and_no_more(keyed: Tree) -> None:
    decrypts = ("kms:Decrypt", "secretsmanager")
    stores = {("kms:Decrypt", "s3"), ("kms:GenerateDataKey", "s3")}
    assert uses(keyed) == {
        "BatchPermissionsCredentialsKey": {decrypts},
        "BatchPermissionsLambdaServiceKey": stores,
        "ConnectionJobsKey": stores,
        "MlflowPermissionsClientPolicy": stores,
        "MlflowPermissionsExecutionKey": {decrypts},
        "MlflowPermissionsTaskKey": stores,
    }


def test_where_jobs_have_a_role_and_the_server_stores_that_is_as_little() -> None:
    assert uses(deployed(flat("own roles, oidc"), CERTIFICATE | KEY)).keys() == {
        "BatchPermissionsCredentialsKey",
        "BatchPermissionsLambdaServiceKey",
        "MlflowPermissionsExecutionKey",
        "MlflowPermissionsTaskKey",
    }


def test_a_restored_database_keeps_the_key_of_its_snapshot(keyed: Tree) -> None:
    snapshots = {f"{system}DbSnapshotIdentifier": "ours" for system in ("Batch", "Mlflow")}
    restored = deployed(flat("both"), CERTIFICATE | KEY | snapshots)
    assert {one.path for one in of(restored, DATABASE)} == keys(keyed).keys() - keys(restored).keys()
    assert all(one.properties["StorageEncrypted"] is True for one in of(restored, DATABASE))


def test_the_function_has_it(keyed: Tree) -> None:
    (function,) = of(keyed, *FUNCTIONS)
    assert function.properties["KmsKeyArn"] == ARN

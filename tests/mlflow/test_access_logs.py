"""Who asked for what: where the load balancer and the artifact bucket write it down, and who may."""

from __future__ import annotations

import pytest

from templates_py.review.mutation.shapes import CERTIFICATE, deployed, flat
from templates_py.review.relations import RULES
from tests.emitted import Body, emitted, gets, nested, only, resources

BELOW = {"Fn::GetAtt": ["AccessLogs", "Arn"]}


@pytest.fixture(scope="module")
def templates() -> dict[str, Body]:
    return emitted()


@pytest.fixture(scope="module")
def storage(templates: dict[str, Body]) -> dict[str, Body]:
    return dict(templates["mlflow/storage"]["Resources"])


def test_the_balancer_writes_to_the_bucket_once_that_lets_it_in(templates: dict[str, Body]) -> None:
    pairs = only(templates["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::LoadBalancer")[
        "LoadBalancerAttributes"
    ]
    attributes = {pair["Key"]: pair["Value"] for pair in pairs}
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["access_logs.s3.bucket"] == {"Ref": "AccessLogBucket"}
    assert "AWSLogs" not in attributes["access_logs.s3.prefix"]  # ELB refuses that, and a slash at either end
    assert attributes["access_logs.s3.prefix"].strip("/") == attributes["access_logs.s3.prefix"]
    # An output comes after the whole of its stack, so after the bucket's policy.
    given = nested(templates["mlflow/template"])["LoadBalancing"]["Properties"]["Parameters"]["AccessLogBucket"]
    assert list(gets(given)) == [("Storage", "Outputs.AccessLogBucket")]


def test_two_services_put_objects_into_a_folder_each_and_do_nothing_else(storage: dict[str, Body]) -> None:
    deny, balancer, bucket = storage["AccessLogsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert balancer == {
        "Effect": "Allow",
        "Principal": {"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": [{"Fn::Join": ["/", [BELOW, "load-balancer/AWSLogs", {"Ref": "AWS::AccountId"}, "*"]]}],
    }
    assert bucket["Principal"] == {"Service": ["logging.s3.amazonaws.com"]}
    assert bucket["Action"] == ["s3:PutObject"]
    assert bucket["Resource"] == [{"Fn::Join": ["/", [BELOW, "artifact-store", "*"]]}]
    assert bucket["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    store = {"Fn::If": ["ExistingArtifactStoreGiven", {"Ref": "ExistingArtifactStore"}, {"Ref": "ArtifactStore"}]}
    assert bucket["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == store


def test_a_new_artifact_bucket_logs_and_an_existing_one_is_left_alone(templates: dict[str, Body]) -> None:
    made = resources(templates["mlflow/storage"], "AWS::S3::Bucket")
    given = {"Ref": "ExistingAccessLogStore"}
    bucket = {"Fn::If": ["ExistingAccessLogStoreGiven", given, {"Ref": "AccessLogs"}]}
    assert made["ArtifactStore"]["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": bucket,
        "LogFilePrefix": "artifact-store/",
    }
    assert made["ArtifactStore"]["Condition"] == "NewBucket"
    assert made["AccessLogs"]["Condition"] == "NewAccessLogs"
    assert "LoggingConfiguration" not in made["AccessLogs"]["Properties"]  # each log would make another


def test_logs_are_kept_as_long_as_logs_are_by_s3s_own_keys(storage: dict[str, Body]) -> None:
    made = storage["AccessLogs"]["Properties"]
    rules = {rule["Id"]: rule for rule in made["LifecycleConfiguration"]["Rules"]}
    assert rules["ExpireLogs"]["ExpirationInDays"] == {"Ref": "LogRetention"}
    assert rules["ExpireLogs"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert "kms" not in str(made["BucketEncryption"])


def test_no_rollback_waits_for_a_bucket_that_a_balancer_has_filled(storage: dict[str, Body]) -> None:
    for title in ("AccessLogs", "AccessLogsPolicy"):
        assert (storage[title]["DeletionPolicy"], storage[title]["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("store", ["", "ours"])
def test_whose_logs_are_taken_is_found(store: str) -> None:
    body = flat("both")
    tree = deployed(body, {**CERTIFICATE, "ExistingArtifactStore": store})
    assert list(RULES["log_buckets_take_nothing_but_logs"](tree)) == []
    (policy,) = [one for one in tree.resources.values() if one.path.endswith("AccessLogsPolicy")]
    statement = policy.properties["PolicyDocument"]["Statement"][2]
    statement["Condition"]["ArnLike"]["aws:SourceArn"] = "arn:aws:s3:::somebodys"
    (said,) = RULES["log_buckets_take_nothing_but_logs"](tree)
    assert "takes the logs of a bucket that stores no artifacts" in said


@pytest.mark.parametrize(
    ("path", "title", "folder"),
    [
        ("batch/storage", "TableSetupScriptBucket", "table-setup-script"),
        ("artifacts/template", "Bucket", "remote-state"),
    ],
)
def test_the_other_buckets_log_to_a_companys_bucket_where_there_is_one(
    templates: dict[str, Body], path: str, title: str, folder: str
) -> None:
    bucket = {"Ref": "ExistingAccessLogStore"}
    assert templates[path]["Resources"][title]["Properties"]["LoggingConfiguration"] == {
        "Fn::If": [
            "ExistingAccessLogStoreGiven",
            {"DestinationBucketName": bucket, "LogFilePrefix": f"{folder}/"},
            {"Ref": "AWS::NoValue"},
        ]
    }


def test_a_company_is_asked_for_its_bucket_once(templates: dict[str, Body]) -> None:
    asked = templates["template"]["Parameters"]
    assert [name for name in asked if name.endswith("ExistingAccessLogStore")] == ["ExistingAccessLogStore"]
    assert templates["mlflow/storage"]["Conditions"]["NewAccessLogs"] == {
        "Fn::Equals": [{"Ref": "ExistingAccessLogStore"}, ""]
    }

"""What a change set says, as AWS answers (its model holds the answers to their shape), and what of that is refused."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from commands import CommandError
from commands.change_set import ChangeSet
from commands.changes import Change, refusals
from commands.deploy import confirm
from commands.diff import show
from commands.progress import Progress
from commands.stack import Stack

ARN = "arn:aws:cloudformation:us-east-1:123456789012:"
STACK, ROOT = f"{ARN}stack/hydra/1", f"{ARN}changeSet/hydra-1/1"
Row = dict[str, Any]


def detail(name: str, recreation: str = "Never", cause: str = "", evaluation: str = "Static", **target: str) -> Row:
    """A detail, as the user guide's examples have it: a parameter's is static, and names it."""
    source = {"ChangeSource": "ParameterReference", "CausingEntity": cause} if cause else {}
    return {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, **target},
        "Evaluation": evaluation,
        **(source or {"ChangeSource": "DirectModification"}),
    }


def modify(title: str, kind: str, *details: Row, replacement: str = "False", **more: str) -> Row:
    return {
        "Action": "Modify",
        "LogicalResourceId": title,
        "PhysicalResourceId": title.lower(),
        "ResourceType": kind,
        "Replacement": replacement,
        "Scope": ["Properties"],
        "Details": [*details],
        **more,
    }


def gone(title: str, kind: str, **more: str) -> Row:
    return {"Action": "Remove", "LogicalResourceId": title, "PhysicalResourceId": f"{ARN}stack/{title}/1"} | {
        "ResourceType": kind,
        **more,
    }


DB, SECRET, NESTED = "AWS::RDS::DBInstance", "AWS::SecretsManager::Secret", "AWS::CloudFormation::Stack"
DB_NAME = (detail("DBName", "Always", "DbDefaultName"), detail("DBName", "Always", evaluation="Dynamic"))
REPLACED = modify("Instance", DB, *DB_NAME, replacement="True", PolicyAction="ReplaceAndSnapshot")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (REPLACED, "would be replaced, the old one leaving a snapshot: DBName (BatchDbDefaultName)"),
        (
            modify("Instance", DB, detail("MasterUsername", "Always", "DbUsername", "Dynamic"))
            | {"Replacement": "Conditional", "PolicyAction": "ReplaceAndDelete"},
            "may be replaced, the old one deleted: MasterUsername (DbUsername)",
        ),
        (
            modify("Instance", DB, detail("DBSnapshotIdentifier", "Conditionally"), replacement="Conditional"),
            "would be another database, made of another snapshot or of none: DBSnapshotIdentifier",
        ),
        (gone("Instance", DB, PolicyAction="Snapshot"), "would be deleted, and leave a final snapshot: it is in the"),
        (gone("Bucket", "AWS::S3::Bucket", PolicyAction="Delete"), "would be deleted: it is in the templates no more"),
        (gone("Repository", "AWS::ECR::Repository", PolicyAction="Retain"), "would leave the stack, and stay by its"),
        (
            modify("UsernameSecret", SECRET, detail("GenerateSecretString", cause="UsernameLength")),
            "would get a new value, which nothing that runs knows: GenerateSecretString (BatchUsernameLength)",
        ),
    ],
)
def test_what_takes_data_is_refused_by_name_unless_that_is_allowed(row: Row, said: str) -> None:
    title = row["LogicalResourceId"]
    change, parameters = Change.of(f"Batch/Database/{title}", row), {"BatchDbDefaultName", "BatchUsernameLength"}
    (line,) = refusals([change], (), parameters, ())
    assert line.startswith(f"Batch/Database/{title} ({row['ResourceType']}) {said}")
    assert line.endswith(f". To have that: ALLOW={title}")
    for name in (title, f"Batch/Database/{title}"):
        assert refusals([change], [name], parameters, ()) == []


@pytest.mark.parametrize(
    "row",
    [
        modify("Instance", DB, detail("DeletionProtection", cause="DeletionProtection")),
        modify("Instance", DB, detail("BackupRetentionPeriod", "Conditionally"), replacement="Conditional"),
        modify("Instance", DB, detail("DBSubnetGroupName", "Always", BeforeValue="a", AfterValue="a"))
        | {"Replacement": "Conditional"},
        modify("Secret", SECRET, detail("Description")),
        modify("Group", "AWS::RDS::DBSubnetGroup", detail("DBSubnetGroupName", "Always"), replacement="True"),
        gone("Role", "AWS::IAM::Role", PolicyAction="Delete"),
        {"Action": "Add", "LogicalResourceId": "Instance", "ResourceType": DB},
    ],
    ids=lambda row: f"{row['Action']} {row['LogicalResourceId']}",
)
def test_what_takes_none_is_not(row: Row) -> None:
    assert refusals([Change.of("Instance", row)], (), (), ()) == []


def test_a_name_that_two_resources_have_allows_neither() -> None:
    change = Change.of("Batch/Database/Instance", REPLACED)
    (line,) = refusals([change], ["Instance"], (), ["Mlflow/Database/Instance"])
    assert line.endswith("ALLOW=Batch/Database/Instance")


def test_people_see_data_first_and_then_each_stack_the_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {
        "Batch": modify("Batch", NESTED, detail("Parameters")),
        "Batch/Role": {"Action": "Add", "LogicalResourceId": "Role", "ResourceType": "AWS::IAM::Role"},
        "Batch/Group": modify("Group", "AWS::EC2::SecurityGroup", detail("VpcId", "Always"), replacement="True"),
        "Batch/Database/Instance": REPLACED,
        "Batch/Database/Other": modify("Other", DB, detail("MultiAZ", "Conditionally"), replacement="Conditional"),
    }
    show([Change.of(path, row) for path, row in rows.items()], {"BatchDbDefaultName": "other"})
    assert capsys.readouterr().out.splitlines() == [
        "Data",
        "  REPLACED        Batch/Database/Instance (AWS::RDS::DBInstance): DBName (BatchDbDefaultName)",
        "  interrupted     Batch/Database/Other (AWS::RDS::DBInstance): MultiAZ",
        "Batch",
        "  REPLACED        Group (AWS::EC2::SecurityGroup): VpcId",
        "  added           Role (AWS::IAM::Role)",
    ]


class Answers:
    """CloudFormation, answering in this order; botocore refuses an answer that is not of AWS's shape."""

    def __init__(self) -> None:
        client: Any = boto3.client(
            "cloudformation", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stubber, self.add = (stubber := Stubber(client)), stubber.add_response
        session: Any = SimpleNamespace(client=lambda _: client)
        self.stack = Stack(session, "hydra")

    def described(self, *rows: Row, status: str = "CREATE_COMPLETE", **more: str) -> None:
        changes = [{"Type": "Resource", "ResourceChange": row} for row in rows]
        self.add("describe_change_set", {"StackName": "hydra", "Status": status, "Changes": changes, **more})

    def stands(self, status: str) -> None:
        found = {"StackName": "hydra", "StackStatus": status, "CreationTime": datetime.now(UTC)}
        self.add("describe_stacks", {"Stacks": [found] if status else []})

    def missing(self) -> None:
        said = "Stack with id hydra does not exist"
        self.stubber.add_client_error("describe_stacks", "ValidationError", said)

    def begin(self, asked: Row | None = None) -> None:
        for _ in range(2):
            self.stands("UPDATE_COMPLETE")
        self.add("create_change_set", {"Id": ROOT, "StackId": STACK}, asked)

    def end(self, pending: bool = False) -> None:
        self.add("delete_change_set", {}, {"ChangeSetName": ROOT})
        if pending:
            self.described(status="DELETE_PENDING")
        self.stubber.add_client_error("describe_change_set", "ChangeSetNotFound")

    def made(self) -> ChangeSet:
        options: Any = SimpleNamespace(change_set={"Capabilities": ["CAPABILITY_NAMED_IAM"]}, disable_rollback=False)
        template = {"Parameters": {"VpcId": {}, "LogRetention": {}}, "Resources": {}}
        return ChangeSet(self.stack, template, {"VpcId": "vpc-1"}, options)


@pytest.fixture
def answers() -> Iterator[Answers]:
    answers = Answers()
    with answers.stubber:
        yield answers
        answers.stubber.assert_no_pending_responses()


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Iterator[Progress]:
    monkeypatch.setattr("commands.progress.EVERY", 0.0)
    before = signal.getsignal(signal.SIGINT)
    yield Progress()
    signal.signal(signal.SIGINT, before)


def test_a_change_set_of_the_whole_tree_is_read_page_by_page_and_deleted(answers: Answers, progress: Progress) -> None:
    asked = {
        "StackName": "hydra",
        "ChangeSetName": ANY,
        "ChangeSetType": "UPDATE",
        "IncludeNestedStacks": True,
        "Parameters": [{"ParameterKey": "VpcId", "ParameterValue": "vpc-1"}],
        "TemplateBody": ANY,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    answers.begin(asked)
    answers.described(status="CREATE_IN_PROGRESS")
    answers.described()
    answers.described(modify("Batch", NESTED, detail("Parameters"), ChangeSetId=f"{ROOT}-Batch"), NextToken="2")
    answers.described(modify("Database", NESTED, detail("Parameters"), ChangeSetId=f"{ROOT}-Database"))
    answers.described(REPLACED)
    answers.described(gone("Mlflow", NESTED))
    row = {
        "LastUpdatedTimestamp": datetime.now(UTC),
        "ResourceStatus": "CREATE_COMPLETE",
        "ResourceType": "AWS::S3::Bucket",
    }
    answers.add("list_stack_resources", {"StackResourceSummaries": [{"LogicalResourceId": "Bucket", **row}]})
    answers.end(pending=True)
    with answers.made() as change_set:
        assert change_set.changes_anything(progress)
        changes = change_set.changes()
    assert [change.path for change in changes] == [
        "Batch",
        "Batch/Database",
        "Batch/Database/Instance",
        "Mlflow",
        "Mlflow/Bucket",
    ]
    lines = refusals(changes, (), (), ())
    assert [line.split()[0] for line in lines] == ["Batch/Database/Instance", "Mlflow/Bucket"]


def test_a_stack_that_came_with_the_change_set_goes_with_it(answers: Answers) -> None:
    for _ in range(3):
        answers.missing()
    answers.add("create_change_set", {"Id": ROOT, "StackId": STACK})
    answers.end()
    answers.add("delete_stack", {}, {"StackName": STACK})
    with answers.made():
        pass


def test_a_stack_that_others_look_at_stays_and_an_executed_change_set_too(answers: Answers) -> None:
    for _ in range(3):
        answers.stands("REVIEW_IN_PROGRESS")
    answers.add("create_change_set", {"Id": ROOT, "StackId": STACK})
    answers.add("execute_change_set", {}, {"ChangeSetName": ROOT})
    with answers.made() as change_set:
        change_set.execute()
    for _ in range(3):
        answers.stands("REVIEW_IN_PROGRESS")
    answers.add("create_change_set", {"Id": ROOT, "StackId": STACK})
    answers.end()
    with answers.made():
        pass


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_no_change_is_no_failure(answers: Answers, progress: Progress, reason: str) -> None:
    answers.begin()
    answers.described(status="FAILED", StatusReason=reason)
    answers.end()
    with answers.made() as change_set:
        assert not change_set.changes_anything(progress)


def test_the_reason_is_the_nested_one(answers: Answers, progress: Progress) -> None:
    """sam#2406: the root's only says which one failed."""
    answers.begin()
    reason = f"Nested change set {ROOT}-Batch was not successfully created: Currently in FAILED."
    answers.described(status="FAILED", StatusReason=reason)
    answers.described(status="FAILED", StatusReason="Parameters: [Size] must have values")
    answers.end()
    match = r"hydra: no change set: hydra: Parameters: \[Size\] must have values"
    with pytest.raises(CommandError, match=match), answers.made() as change_set:
        change_set.changes_anything(progress)


@pytest.mark.parametrize(("answer", "deployed"), [("y", True), ("Yes ", True), ("", False), ("no", False)])
def test_a_person_sees_the_changes_and_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, deployed: bool
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: answer)
    with nullcontext() if deployed else pytest.raises(CommandError, match="Nothing was deployed"):
        confirm([Change.of("Batch/Database/Instance", REPLACED)], {})
    assert "REPLACED        Batch/Database/Instance" in capsys.readouterr().out

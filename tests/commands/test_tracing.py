"""A value that is "known after apply" is another only where what gives it is; a change set does not say (cov#2113)."""

from __future__ import annotations

from typing import Any

import pytest

from commands.changes import UNKNOWN, Change, refusals
from commands.tracing import traced
from tests.commands.test_changes import DB, NESTED, Row, detail, gone, modify

GROUP = "AWS::RDS::DBSubnetGroup"


def tree(group: Row, place: str = "/Properties/Parameters/GroupName", **template: Any) -> list[Change]:
    """Other subnets: their group changes, and the database takes the group's name from an output of its stack."""
    attribute = {"ChangeSource": "ResourceAttribute", "CausingEntity": "Networking.Outputs.GroupName"}
    unknown = {"BeforeValue": "group", "AfterValue": UNKNOWN}
    given = detail("Parameters", evaluation="Dynamic", Path=place, **unknown) | attribute
    edited = [detail("TemplateURL")] if template else []
    subnets = detail("Parameters", cause="RdsSubnets", Path="/Properties/Parameters/RdsSubnets")
    named = detail("DBSubnetGroupName", "Always", "GroupName", "Dynamic", **unknown)
    anew = detail("DBSubnetGroupName", "Always", evaluation="Dynamic", **unknown)
    rows = {
        "Batch": modify("Batch", NESTED, subnets),
        "Batch/Networking": modify("Networking", NESTED, subnets, *edited),
        f"Batch/Networking/{group['LogicalResourceId']}": group,
        "Batch/Database": modify("Database", NESTED, given, given | {"ChangeSource": "DirectModification"}),
        "Batch/Database/Instance": modify("Instance", DB, named, anew, replacement="True"),
    }
    return traced([Change.of(path, row) for path, row in rows.items()])


def risks(changes: list[Change]) -> list[str]:
    return [line.partition(": ")[0] for line in refusals(changes, (), (), ())]


def test_a_name_of_what_only_changes_is_the_same() -> None:
    assert risks(tree(modify("Group", GROUP, detail("SubnetIds")))) == []


@pytest.mark.parametrize(
    "changes",
    [
        tree(modify("Group", GROUP, detail("DBSubnetGroupDescription", "Always"), replacement="True")),
        tree(gone("Group", GROUP)),
        tree({"Action": "Add", "LogicalResourceId": "Other", "ResourceType": GROUP}),
        tree(modify("Group", GROUP, detail("SubnetIds")), template="edited"),
        tree(modify("Group", GROUP, detail("SubnetIds")), place=""),
    ],
    ids=["replaced", "removed", "added", "another template", "not said"],
)
def test_a_name_of_what_may_be_another_counts(changes: list[Change]) -> None:
    assert risks(changes) == ["Batch/Database/Instance (AWS::RDS::DBInstance) may be replaced"]


@pytest.mark.parametrize(
    "above",
    [
        detail("Parameters", cause="BatchDbName", Path="/Properties/Parameters/DbName"),
        detail("Parameters", Path="/Properties/Parameters/DbName"),
        detail("Parameters", cause="Other", Path="/Properties/Parameters/Other"),
    ],
    ids=["of the root's", "edited", "not said"],
)
def test_a_parameter_is_followed_to_the_root(above: Row) -> None:
    name = (detail("DBName", "Always", "DbName"), detail("DBName", "Always", evaluation="Dynamic"))
    rows = {
        "Database": modify("Database", NESTED, above),
        "Database/Instance": modify("Instance", DB, *name, replacement="True"),
    }
    changes = traced([Change.of(path, row) for path, row in rows.items()])
    assert risks(changes) == ["Database/Instance (AWS::RDS::DBInstance) would be replaced"]


def test_a_resource_beside_it_that_is_replaced_counts_and_one_that_changes_does_not() -> None:
    reference = {"ChangeSource": "ResourceReference", "CausingEntity": "Group"}
    taken = detail("DBSubnetGroupName", "Always", evaluation="Dynamic") | reference
    for group, risk in (
        (modify("Group", GROUP, detail("Tags")), []),
        (modify("Group", GROUP, detail("DBSubnetGroupName", "Always"), replacement="True"), ["Instance"]),
    ):
        rows = {"Group": group, "Instance": modify("Instance", DB, taken, replacement="Conditional")}
        found = risks(traced([Change.of(path, row) for path, row in rows.items()]))
        assert [line.split()[0] for line in found] == risk

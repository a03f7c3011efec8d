"""The security groups of the database, the function and the compute environments, and who may reach whom.

Apart from the roles, so that the database does not wait two minutes for an instance profile. The function's group
outlives the function, whose network interfaces take up to forty minutes to go (P18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt
from troposphere.ec2 import SecurityGroup

from templates_py.groups import ALL_EGRESS, HTTPS_EGRESS, NO_EGRESS, between, group
from templates_py.inputs import VPC, asked
from templates_py.shared import db_port, of_companion
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy


class Security(Stack):
    """Security groups of the job database, the function and the compute environments."""

    vpc_id = asked(VPC, None, "ID of the VPC")
    db_port = db_port()

    def __init__(self, deletion_policy: DeletionPolicy) -> None:
        self.policy = deletion_policy
        super().__init__()

    @resource
    def database(self) -> SecurityGroup:
        return group("Database", "Job database", self.vpc_id, NO_EGRESS, **of_companion(self.policy))

    @resource
    def function(self) -> SecurityGroup:
        return group("Function", "Database initialiser", self.vpc_id, HTTPS_EGRESS)

    @resource
    def compute_environments(self) -> SecurityGroup:
        return group("ComputeEnvironments", "Compute environments", self.vpc_id, ALL_EGRESS)

    @resource
    def rules_between(self) -> list[Any]:
        jobs = between(self.compute_environments, self.database, self.db_port, outward=False)
        return between(self.function, self.database, self.db_port) + jobs

    def outputs(self) -> Outputs:
        return {
            "database_group": (GetAtt(self.database, "GroupId"), "ID of the database's security group"),
            "function_group": (GetAtt(self.function, "GroupId"), "ID of the function's security group"),
            "compute_environment_group": (
                GetAtt(self.compute_environments, "GroupId"),
                "ID of the compute environments' security group",
            ),
        }

"""The security groups of the load balancer, the tasks and the database, and who may reach whom.

Apart from the roles, as in batch: the database waits for its group alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, If
from troposphere.ec2 import SecurityGroup

from templates_py.groups import HTTPS_EGRESS, NO_EGRESS, between, group, https_egress, let_in
from templates_py.inputs import VPC, Like, asked, name
from templates_py.mlflow import CONTAINER_PORT, certificate_arn
from templates_py.shared import db_port, of_companion
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import Mlflow

NAME = Like(r"(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]{1,255}", "a group's name that does not begin with sg-")


class Security(Stack):
    """Security groups of MLflow's load balancer, tasks and database."""

    vpc_id = asked(VPC, None, "ID of the VPC")
    mlflow_sg = name("Name of the load balancer's security group", NAME)
    certificate_arn = certificate_arn()
    db_port = db_port()

    def __init__(self, settings: Mlflow) -> None:
        self.cidr_blocks, self.policy, self.auth = settings.cidr_blocks, settings.deletion_policy, settings.auth
        super().__init__()

    @resource
    def database(self) -> SecurityGroup:
        return group("Database", "MLflow database", self.vpc_id, NO_EGRESS, **of_companion(self.policy))

    @resource
    def tasks(self) -> SecurityGroup:
        return group("Tasks", "MLflow tasks", self.vpc_id, HTTPS_EGRESS)

    @resource
    def load_balancer(self) -> SecurityGroup:
        egress = https_egress("Identity provider") if self.auth == "oidc" else NO_EGRESS  # P57
        return group("LoadBalancer", "MLflow load balancer", self.vpc_id, egress, GroupName=self.mlflow_sg.or_none)

    @resource
    def rules_between(self) -> list[Any]:
        served = between(self.load_balancer, self.tasks, CONTAINER_PORT)
        return served + between(self.tasks, self.database, self.db_port)

    @resource
    def rules_from_outside(self) -> list[Any]:
        """A pair for each CIDR block, which CloudFormation could not loop over (P65).

        Each by its block: by number, taking one away would make the next one's rule while that still stands.
        """
        return [rule for block in self.cidr_blocks for rule in self._admit(block)]

    def _admit(self, block: str) -> list[Any]:
        cidr = {"CidrIpv6" if ":" in block else "CidrIp": block}
        balancer = GetAtt(self.load_balancer, "GroupId")
        which = re.sub(r"\W", "x", block)  # 10x0x0x0x8
        https = let_in(f"Https{which}", balancer, 443, "Clients", Condition=self.certificate_arn.given, **cidr)
        return [let_in(f"Http{which}", balancer, 80, "Clients", **cidr), https]

    def outputs(self) -> Outputs:
        return {
            "mlflow_sg_id": (GetAtt(self.load_balancer, "GroupId"), "ID of the load balancer's security group"),
            "tasks_group": (GetAtt(self.tasks, "GroupId"), "ID of the tasks' security group"),
            "database_group": (GetAtt(self.database, "GroupId"), "ID of the database's security group"),
            "listener_port": (If(self.certificate_arn.given, "443", "80"), "Port that clients speak to"),
        }

"""The subnet group that the database lies in.

A stack of its own, as in Hydra: it needs nothing but subnets, and the database waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Ref
from troposphere.rds import DBSubnetGroup

from templates_py.inputs import SUBNETS, Like, asked, name
from templates_py.shared import of_companion
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy

NAME = Like("[a-z0-9][a-z0-9._ -]{0,254}", "up to 255 small letters, digits, dots, spaces, hyphens and underscores")


class Networking(Stack):
    """The database's subnet group."""

    rds_subnets = asked(SUBNETS, None, "Subnets of the databases: private, in two Availability Zones or more")
    rds_subnet_group_name = name("Name of the database's subnet group", NAME)

    def __init__(self, deletion_policy: DeletionPolicy) -> None:
        self.policy = self.variant = deletion_policy
        super().__init__()

    @resource
    def subnet_group(self) -> DBSubnetGroup:
        return DBSubnetGroup(
            "SubnetGroup",
            DBSubnetGroupName=self.rds_subnet_group_name.or_none,
            DBSubnetGroupDescription="Subnets of the database",
            SubnetIds=self.rds_subnets,
            **of_companion(self.policy),
        )

    def outputs(self) -> Outputs:
        return {"db_subnet_group": (Ref(self.subnet_group), "Name of the database's subnet group")}

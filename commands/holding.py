"""A thing that a stack holds: what is in it, whether it is protected, and what becomes of it when the stack goes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from commands.stack import Row, Stack

DATABASE, BUCKET, REPOSITORY = "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::ECR::Repository"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
PROTECTION = "deletion_protection.enabled"
GONE = ("NotFound", "NotFoundException", "NotFoundFault", "NoSuchBucket")  # how the services' codes for that end
Names = dict[str, str]


@dataclass
class Holding:
    """A resource, by its path of logical IDs; each property asks once."""

    path: str
    row: Row
    declared: Row
    stack: Stack  # that it is in
    asked: Names  # the parameters of that stack -> what the root calls them
    given: Names  # the parameters of that stack -> their values; none where it is gone

    @property
    def kind(self) -> str:
        return str(self.row["ResourceType"])

    @property
    def name(self) -> str:
        """Its physical ID."""
        return str(self.row["PhysicalResourceId"])

    @property
    def system(self) -> str:
        """Where it is, without its nested stack and itself: what belongs to one database shares that."""
        return "/".join(self.path.split("/")[:-2])

    @property
    def is_gone(self) -> bool:
        return bool(self.row["ResourceStatus"] == "DELETE_COMPLETE")

    @property
    def policy(self) -> str:
        """Its DeletionPolicy. Without one, CloudFormation makes a snapshot of an instance, and of nothing else here."""
        return str(self.declared.get("DeletionPolicy", "Snapshot" if self.kind == DATABASE else "Delete"))

    @property
    def stays(self) -> bool:
        return self.policy.startswith("Retain")

    @cached_property
    def is_protected(self) -> bool:
        """Whether it refuses to be deleted, and would have to be."""
        if self.stays or self.is_gone:
            return False
        if self.kind == LOAD_BALANCER:
            found = self._ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=self.name)
            return {"Key": PROTECTION, "Value": "true"} in found.get("Attributes", [])
        return any(row["DeletionProtection"] for row in self._instances())

    def protect(self, on: bool) -> None:
        """Turn its protection on or off."""
        session: Any = self.stack.session
        if self.kind == DATABASE:
            session.client("rds").modify_db_instance(DBInstanceIdentifier=self.name, DeletionProtection=on)
        else:
            wanted = [{"Key": PROTECTION, "Value": str(on).lower()}]
            session.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=self.name, Attributes=wanted)

    def at_rest(self) -> bool | None:
        """Ask whether no change of it is under way: meanwhile an instance cannot be deleted. None: it is."""
        return all(row["DBInstanceStatus"] != "modifying" for row in self._instances()) or None

    @property
    def is_there(self) -> bool:
        """Whether it is there still, as far as its kind is asked about at all."""
        return bool({DATABASE: self._instances, BUCKET: self._versions}.get(self.kind, lambda: True)())

    @cached_property
    def contents(self) -> str:
        """What is in a bucket or a repository; empty where nothing is."""
        if self.is_gone:
            return ""
        if self.kind == BUCKET:
            found = self._versions()
            return "objects" if found.get("Versions") or found.get("DeleteMarkers") else ""
        if self.kind == REPOSITORY:
            found = self._ask("ecr", "list_images", repositoryName=self.name)
            return "images" if found.get("imageIds") else ""
        return ""

    @property
    def blocks(self) -> bool:
        """Whether what is in it keeps it, and the stack, from being deleted (P36)."""
        return bool(self.contents) and not self.stays and not self._empties_itself

    @property
    def fate(self) -> str:
        """What becomes of it, in words."""
        if self.is_gone:
            return "is gone already"
        if self.stays:
            return f"stays, with the {self.contents} in it" if self.contents else "stays"
        if self.policy == "Snapshot":
            fate = "deleted, after a final snapshot"
        elif self.kind == DATABASE:
            fate = "DELETED without a snapshot"
        else:
            fate = f"DELETED, with the {self.contents} in it" if self.contents else "DELETED"
        return f"{fate}; protected" if self.is_protected else fate

    def _instances(self) -> list[Row]:
        if self.kind != DATABASE:
            return []
        return list(self._ask("rds", "describe_db_instances", DBInstanceIdentifier=self.name).get("DBInstances", []))

    def _versions(self) -> Row:
        return self._ask("s3", "list_object_versions", Bucket=self.name, MaxKeys=1)

    @property
    def _empties_itself(self) -> bool:
        value = self.declared.get("Properties", {}).get("EmptyOnDelete", False)
        if isinstance(value, dict):
            value = self.given.get(value.get("Ref", ""), "")
        return str(value).lower() == "true"

    def _ask(self, service: str, operation: str, **arguments: Any) -> Row:
        """Return an answer of a service; an empty one where somebody else has deleted what is asked about."""
        client: Any = self.stack.session.client(service)  # type: ignore[call-overload]
        try:
            return dict(getattr(client, operation)(**arguments))
        except ClientError as error:
            if error.response["Error"]["Code"].endswith(GONE):
                return {}
            raise

"""The ways to AWS out of a VPC without NAT (P12, P34, P72): S3's gateway, and an interface in each subnet.

A root of its own: endpoints are the VPC's, a VPC has one with a private name for each service, and the function needs
them as soon as it runs. A VPC with a NAT needs none.
"""

from __future__ import annotations

from typing import Any

from awacs import s3 as to
from awacs.aws import Action, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, GetAtt, Join, Partition, Ref, Region, Split, Sub
from troposphere.ec2 import SecurityGroup, SecurityGroupIngress, VPCEndpoint

from templates_py.groups import NO_EGRESS, further_groups, group, let_in
from templates_py.inputs import STRING, STRINGS, SUBNETS, VPC, Like, asked, camel
from templates_py.policies import allow, document
from templates_py.shared import SUBNETS_IN_VPC
from templates_py.stack import Outputs, Rules, Stack, resource

CIDR = Like(r"(\d{1,3}\.){3}\d{1,3}/([89]|1\d|2[0-8])", "a block of IPv4 addresses from /8 to /28, such as 10.0.0.0/16")
TABLES = Like("rtb-[0-9a-f]+", "IDs of route tables")
HTTPS = 443

# Whose requests pass, and about whose resources. Images of other accounts, such as AWS's own for deep learning, are
# pulled too; what an endpoint lets pass, a role must allow besides.
OURS = {"aws:PrincipalAccount": AccountId, "aws:ResourceAccount": AccountId}
BY_US = {"aws:PrincipalAccount": AccountId}
NO_POLICY: dict[str, Any] = {}  # the service takes none: github.com/awsdocs/amazon-ecs-developer-guide/issues/55

INTERFACES = {  # service -> what its endpoint's policy asks of a request
    "secretsmanager": OURS,  # the function and jobs read their database's secrets, Fargate those of its containers
    "ssm": OURS,  # MLflow's address, which our job definitions read
    "logs": OURS,  # the awslogs driver of tasks and jobs; the function's logs go Lambda's own way
    "ecr.api": BY_US,  # the token to pull images with
    "ecr.dkr": BY_US,  # the images' manifests; layers come from S3
    "ecs": BY_US,  # instances join their environment's cluster
    "ecs-agent": NO_POLICY,  # their agent is told which jobs to run
    "ecs-telemetry": NO_POLICY,  # and says how they do
}


class Endpoints(Stack):
    """VPC endpoints for the platform in a VPC without NAT."""

    vpc_id = asked(VPC, None, "ID of the VPC")
    endpoint_subnets = asked(SUBNETS, None, "Private subnets of the endpoints: one in each Availability Zone in use")
    route_table_ids = asked(STRINGS, None, "IDs of the route tables of all private subnets", like=TABLES)
    vpc_cidr = asked(STRING, None, "CIDR block of the VPC: who may reach the endpoints", like=CIDR)
    endpoint_security_groups = further_groups("the endpoints")

    @resource
    def endpoints(self) -> SecurityGroup:
        return group("Endpoints", "VPC endpoints", self.vpc_id, NO_EGRESS)

    @resource
    def vpc_to_endpoints(self) -> SecurityGroupIngress:
        return let_in("VpcToEndpoints", GetAtt(self.endpoints, "GroupId"), HTTPS, "The VPC", CidrIp=self.vpc_cidr)

    @resource
    def s3(self) -> VPCEndpoint:
        return VPCEndpoint(
            "S3Endpoint",
            VpcId=self.vpc_id,
            ServiceName=_service("s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=self.route_table_ids,
            PolicyDocument=document(_statement("s3", OURS), *_of_aws()),
        )

    @resource
    def interfaces(self) -> list[VPCEndpoint]:
        return [self._interface(service, asks) for service, asks in INTERFACES.items()]

    def _interface(self, service: str, asks: dict[str, Any]) -> VPCEndpoint:
        policy: dict[str, Any] = (
            {"PolicyDocument": document(_statement(service.partition(".")[0], asks))} if asks else {}
        )
        return VPCEndpoint(
            f"{camel(service.replace('.', '-'))}Endpoint",
            VpcId=self.vpc_id,
            ServiceName=_service(service),
            VpcEndpointType="Interface",
            SubnetIds=self.endpoint_subnets,
            SecurityGroupIds=self.endpoint_security_groups.besides(GetAtt(self.endpoints, "GroupId")),
            PrivateDnsEnabled=True,
            **policy,
        )

    def rules(self) -> Rules:
        return {"SubnetsInVpc": SUBNETS_IN_VPC}

    def outputs(self) -> Outputs:
        ids = Join(",", [Ref(made) for made in self.interfaces])
        return {
            "s3_endpoint_id": (Ref(self.s3), "ID of S3's endpoint, for bucket policies"),
            "interface_endpoint_ids": (ids, "IDs of the interface endpoints, with commas between them"),
            "endpoints_group": (GetAtt(self.endpoints, "GroupId"), "ID of the endpoints' security group"),
        }


def _service(name: str) -> Sub:
    return Sub(f"com.amazonaws.${{AWS::Region}}.{name}")


def _statement(service: str, asks: dict[str, Any]) -> Statement:
    """Let pass what may be asked of a service: which of that is allowed, the roles' policies say."""
    condition = Condition(StringEquals(asks))
    return allow(Action(service, "*"), on=["*"], Principal=Principal("*"), Condition=condition)


def _of_aws() -> list[Statement]:
    """What AWS keeps in buckets of its own, by URLs that it signs itself.

    Sources: ECR User Guide, Minimum S3 bucket permissions; CloudFormation User Guide, VPC endpoints (without hyphens).
    """
    layers = Sub("arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*")
    region = Join("", Split("-", Region))
    replies = ["arn:", Partition, ":s3:::cloudformation-custom-resource-response-", region, "/*"]
    return [
        allow(to.GetObject, on=[layers], Principal=Principal("*")),
        allow(to.PutObject, on=[Join("", replies)], Principal=Principal("*")),
    ]

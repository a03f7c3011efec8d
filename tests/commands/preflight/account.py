"""A VPC as the platform wants it, made in an account of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3

ZONES = ("us-east-1a", "us-east-1b")


@dataclass
class Network:
    """What was made: the VPC, subnets of both kinds, their route tables."""

    ec2: Any
    vpc: str
    public: list[str]
    private: list[str]
    public_table: str
    private_table: str

    def parameters(self) -> dict[str, str]:
        names = ("RdsSubnets", "LambdaSubnets", "ComputeEnvironmentSubnets", "LbSubnets", "EcsServiceSubnets")
        return {"VpcId": self.vpc, **dict.fromkeys(names, ",".join(self.private))}

    def parameters_of_endpoints(self) -> dict[str, str]:
        return {
            "VpcId": self.vpc,
            "EndpointSubnets": ",".join(self.private),
            "RouteTableIds": self.private_table,
            "VpcCidr": "10.0.0.0/16",
        }

    def close(self) -> None:
        """Take the way to the NAT away."""
        self.ec2.delete_route(RouteTableId=self.private_table, DestinationCidrBlock="0.0.0.0/0")

    def endpoint(self, service: str, source: str = "10.0.0.0/16") -> str:
        """Make an endpoint for a service, whose security group lets `source` in; S3's is a gateway."""
        made = {"VpcId": self.vpc, "ServiceName": f"com.amazonaws.us-east-1.{service}"}
        if service == "s3":
            made |= {"VpcEndpointType": "Gateway", "RouteTableIds": [self.private_table]}
        else:
            name = service.replace(".", "-")
            group = self.ec2.create_security_group(VpcId=self.vpc, GroupName=name, Description=name)["GroupId"]
            rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": source}]}
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
            made |= {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True, "SecurityGroupIds": [group]}
            made |= {"SubnetIds": self.private}
        return str(self.ec2.create_vpc_endpoint(**made)["VpcEndpoint"]["VpcEndpointId"])


def proper_network(session: boto3.Session) -> Network:
    """Make a VPC with names, two public subnets with a gateway, and two private ones with a NAT."""
    ec2: Any = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=ZONES[number % 2])["Subnet"]
        for number in range(4)
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=ids[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    tables = []
    for target, group in (({"GatewayId": gateway}, ids[:2]), ({"NatGatewayId": nat}, ids[2:])):
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        for subnet in group:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        tables.append(table)
    return Network(ec2, vpc, ids[:2], ids[2:], *tables)

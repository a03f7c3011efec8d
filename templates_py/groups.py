"""Security groups, and the rules between them: stand-alone ones, so that groups may name each other (P46)."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, SecurityGroupRule

from templates_py.inputs import STRINGS, Input, Like, optional

GROUPS = Like("sg-[0-9a-f]+", "IDs of security groups")
ANYWHERE = "0.0.0.0/0"

# What a group without an egress rule would be given is "everything": these are what we mean instead.
NO_EGRESS = [
    SecurityGroupRule(
        IpProtocol="icmp", FromPort=252, ToPort=86, CidrIp="255.255.255.255/32", Description="None at all"
    )
]
ALL_EGRESS = [SecurityGroupRule(IpProtocol="-1", CidrIp=ANYWHERE, Description="Whatever a job needs")]


def https_egress(to: str) -> list[SecurityGroupRule]:
    """TLS alone, wherever `to` may be."""
    return [SecurityGroupRule(IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=ANYWHERE, Description=to)]


HTTPS_EGRESS = https_egress("AWS's own endpoints")


def further_groups(of: str) -> Input:
    """The row of security groups that a person adds to a stack's own one."""
    return optional(STRINGS, f"IDs of further security groups of {of}", GROUPS)


def group(title: str, description: str, vpc: Any, egress: list[SecurityGroupRule], **more: Any) -> SecurityGroup:
    """A group of the VPC; its description can never change, since that would replace it."""
    return SecurityGroup(title, GroupDescription=description, VpcId=vpc, SecurityGroupEgress=egress, **more)


def let_in(title: str, group_id: Any, port: Any, why: str, **source: Any) -> SecurityGroupIngress:
    """Let `source` (a group or a CIDR block) reach `port` of the group."""
    return SecurityGroupIngress(
        title, GroupId=group_id, IpProtocol="tcp", FromPort=port, ToPort=port, Description=why, **source
    )


def between(client: SecurityGroup, server: SecurityGroup, port: Any, *, outward: bool = True) -> list[Any]:
    """Let `client` reach `port` of `server`: a rule at each end (none at the client's where all is open to it)."""
    title = f"{client.title}To{server.title}"
    from_id, to_id = GetAtt(client, "GroupId"), GetAtt(server, "GroupId")
    why = f"{client.title} to {server.title}"
    rules: list[Any] = [let_in(title, to_id, port, why, SourceSecurityGroupId=from_id)]
    if outward:
        rules.append(
            SecurityGroupEgress(
                f"{title}Out",
                GroupId=from_id,
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                DestinationSecurityGroupId=to_id,
                Description=why,
            )
        )
    return rules

"""What the function may do: with the table setup script, and what Lambda asks for to put it into the VPC."""

from __future__ import annotations

from typing import Any

from awacs import ec2, s3
from awacs.aws import Condition, Statement, StringEquals
from troposphere import Join, Sub

from templates_py.policies import allow, arn


def of_script(bucket: Any, key: Any) -> list[Statement]:
    """Read the script, and put ours there; the function takes its own versions away (P62).

    The listing tells an absent script from a forbidden one.
    """
    whole = arn("s3", bucket)
    its_own = Condition(StringEquals({"s3:prefix": key}))
    objects = [s3.GetObject, s3.GetObjectVersion, s3.PutObject, s3.DeleteObjectVersion]
    return [
        allow(s3.ListBucket, on=[whole]),
        allow(s3.ListBucketVersions, on=[whole], Condition=its_own),
        allow(*objects, on=[Join("/", [whole, key])]),
    ]


def of_network_interfaces() -> list[Statement]:
    """Lambda's own calls for a function in a VPC, about interfaces that do not exist yet.

    In any account, since the subnets of a shared VPC are its owner's. Source: Lambda guide, VPC permissions.
    """
    made = [ec2.CreateNetworkInterface, ec2.DeleteNetworkInterface]
    addresses = [ec2.AssignPrivateIpAddresses, ec2.UnassignPrivateIpAddresses]
    return [
        allow(*made, *addresses, on=[Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:*:*/*")]),
        allow(ec2.DescribeNetworkInterfaces, ec2.DescribeSubnets, on=["*"]),  # they take no resource
    ]

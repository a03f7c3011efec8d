"""How many of a thing an account may have in a Region: those that are there, and those that a deploy adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from commands.preflight.ground import Ground
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning


@dataclass(frozen=True)
class Quota:
    """A quota of a type: its default, its code in Service Quotas (none: it is fixed), and what lists those there."""

    type: str
    what: str
    default: int
    code: tuple[str, str] | None
    listed: tuple[str, str, str]  # service, operation, key of its answer


QUOTAS = (
    # P60. https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html: they cannot be raised.
    Quota("AWS::Batch::JobQueue", "job queues", 50, None, ("batch", "describe_job_queues", "jobQueues")),
    Quota(
        "AWS::Batch::ComputeEnvironment",
        "compute environments",
        50,
        None,
        ("batch", "describe_compute_environments", "computeEnvironments"),
    ),
    # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    Quota(
        "AWS::EC2::SecurityGroup",
        "security groups",
        2500,
        ("vpc", "L-E79EC296"),
        ("ec2", "describe_security_groups", "SecurityGroups"),
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
    Quota(
        "AWS::RDS::DBInstance",
        "DB instances",
        40,
        ("rds", "L-7B6409FD"),
        ("rds", "describe_db_instances", "DBInstances"),
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    Quota(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Application Load Balancers",
        50,
        ("elasticloadbalancing", "L-53DA6B97"),
        ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    Quota(
        "AWS::CloudFormation::Stack",
        "stacks",
        2000,
        ("cloudformation", "L-0485CB21"),
        ("cloudformation", "describe_stacks", "Stacks"),
    ),
)


def quotas(ground: Ground) -> Iterator[Outcome]:
    wanted = Counter(one.type for one in ground.resources)
    wanted["AWS::CloudFormation::Stack"] += not ground.description  # the root, which is no resource
    for quota in QUOTAS:
        if wanted[quota.type]:
            try:
                yield _room(ground, quota, wanted[quota.type])
            except NotCheckedError as error:
                yield warning(f"{quota.what}: {error}")


def _room(ground: Ground, quota: Quota, wanted: int) -> Outcome:
    there = len(ground.rows(*quota.listed))
    most = value_of(ground, quota.code, quota.default)
    more = max(0, wanted - ground.count_standing()[quota.type])
    said = f"{quota.what}: {there} are there, {more} come, {most} are allowed in {ground.region}"
    if there + more <= most:
        return ok(said)
    if quota.code is None:
        return fault(said, "it cannot be raised: delete some, make fewer in hydra.toml, or use another Region")
    code = f"--service-code {quota.code[0]} --quota-code {quota.code[1]} --desired-value {there + more}"
    return fault(said, f"aws service-quotas request-service-quota-increase {code}")


def value_of(ground: Ground, code: tuple[str, str] | None, default: int) -> int:
    """Return a quota as it is in this account, or its default where Service Quotas does not know it or may not say."""
    if code is None:
        return default
    try:
        found = ground.call(
            "service-quotas",
            "get_service_quota",
            ("NoSuchResourceException",),
            ServiceCode=code[0],
            QuotaCode=code[1],
        )
    except NotCheckedError:
        return default
    return int(found["Quota"]["Value"]) if found else default

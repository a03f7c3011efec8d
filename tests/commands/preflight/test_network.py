"""A VPC in which the platform could not run: each fault planted, and found with its fix."""

from __future__ import annotations

import json

import boto3
import pytest

from commands.preflight.outcome import Outcome
from commands.preflight.uses import PULL
from tests.commands.preflight.account import Network
from tests.commands.preflight.conftest import Fault, Found, Project
from tests.emitted import DEFAULT, WHOLE, emitted, with_batch, with_mlflow

pytestmark = pytest.mark.slow

ENDPOINTS = ("ecs", "ecs-agent", "ecs-telemetry", *PULL)


def levels(outcomes: list[Outcome]) -> set[str]:
    return {outcome.level for outcome in outcomes}


def test_a_proper_vpc_is_well(found: Found) -> None:
    for check in ("VPC", "subnets", "routes", "endpoints"):
        assert levels(found(check)) == {"ok"}


def test_a_vpc_that_is_not_there(project: Project, fault: Fault) -> None:
    project.give(VpcId="vpc-0123456789abcdef0")
    one = fault("VPC")
    assert one.said == "there is no vpc-0123456789abcdef0 in us-east-1"
    assert one.fix == "set VpcId in samconfig.toml"


@pytest.mark.parametrize(
    ("attribute", "option"),
    [("EnableDnsSupport", "--enable-dns-support"), ("EnableDnsHostnames", "--enable-dns-hostnames")],
)
def test_a_vpc_without_names(network: Network, fault: Fault, attribute: str, option: str) -> None:
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, **{attribute: {"Value": False}})
    one = fault("VPC")
    assert one.said == f"{network.vpc} has {attribute[0].lower()}{attribute[1:]} off"
    assert one.fix == f"aws ec2 modify-vpc-attribute --vpc-id {network.vpc} {option} Value=true"


def test_a_subnet_that_is_not_there_and_the_parameter_that_gives_it(
    network: Network, project: Project, fault: Fault
) -> None:
    project.give(LambdaSubnets=f"{network.private[0]},subnet-0123456789abcdef0")
    one = fault("subnets")
    assert one.said == "there is no subnet-0123456789abcdef0 in us-east-1"
    assert one.fix == "set LambdaSubnets in samconfig.toml"


def test_a_subnet_of_another_vpc(network: Network, project: Project, fault: Fault) -> None:
    vpc = network.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = network.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    project.give(ComputeEnvironmentSubnets=subnet)
    assert fault("subnets").said == f"{subnet} lies in {vpc}, not in {network.vpc}"


def test_databases_and_the_load_balancer_take_two_zones(network: Network, project: Project, found: Found) -> None:
    project.give(RdsSubnets=network.private[0], LbSubnets=network.private[0])
    assert {one.said for one in found("subnets") if one.level == "fault"} == {
        f"{path} takes subnets in two zones, and has them in us-east-1a"
        for path in (
            "Batch/Networking/SubnetGroup",
            "Mlflow/Networking/SubnetGroup",
            "Mlflow/LoadBalancing/LoadBalancer",
        )
    }


def test_the_load_balancer_takes_one_subnet_a_zone(network: Network, project: Project, fault: Fault) -> None:
    project.give(LbSubnets=",".join([*network.private, network.public[0]]))
    assert fault("subnets").said == "Mlflow/LoadBalancing/LoadBalancer takes one subnet a zone, and has more"


def test_the_load_balancer_takes_eight_addresses(network: Network, project: Project, fault: Fault) -> None:
    made = [
        network.ec2.create_subnet(VpcId=network.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.8.0/24", "us-east-1a"), ("10.0.9.0/28", "us-east-1b"))
    ]
    for _ in range(4):  # of 11 that a /28 has
        network.ec2.create_network_interface(SubnetId=made[1])
    project.give(LbSubnets=",".join(made))
    assert fault("subnets").said == f"{made[1]} has 7 addresses left: Mlflow/LoadBalancing/LoadBalancer takes 8"


def test_a_public_load_balancer_takes_public_subnets(network: Network, project: Project, found: Found) -> None:
    project.build(with_mlflow(DEFAULT, internet_facing=True))
    (one,) = (one for one in found("routes") if one.level == "fault")
    assert one.said.startswith("Mlflow/LoadBalancing/LoadBalancer faces the internet, and ")
    project.give(LbSubnets=",".join(network.public))
    assert levels(found("routes")) == {"ok"}


def test_each_use_without_a_nat_says_which_endpoints_it_lacks(network: Network, found: Found) -> None:
    """P34, P72."""
    network.close()
    assert {one.said for one in found("routes")} == {
        f"{path} in {', '.join(network.private)}: neither a route to a NAT nor endpoints for {', '.join(lacking)}"
        for path, lacking in {
            "Mlflow/TaskDeployment/Service": PULL,
            "Batch/Lambda/DbInit": ("s3", "secretsmanager"),
            "Batch/Batch/MlComputeEnvironment, Batch/Batch/GpuComputeEnvironment": ENDPOINTS,
        }.items()
    }


def test_the_endpoints_stand_for_a_nat(network: Network, found: Found) -> None:
    network.close()
    for service in ENDPOINTS[:-1]:
        network.endpoint(service)
    assert {one.said.rpartition(" for ")[2] for one in found("routes")} == {ENDPOINTS[-1]}
    network.endpoint(ENDPOINTS[-1])
    assert levels(found("routes")) == {"ok"}


def test_the_endpoints_of_a_stack_of_ours_are_all_that_is_missing(
    account: boto3.Session, network: Network, project: Project, found: Found
) -> None:
    """P12, P34, P72: what `make deploy SYSTEM=endpoints` makes, and what preflight says of it before and after."""
    project.build(with_batch(DEFAULT, job_definitions=WHOLE.batch.job_definitions[:1]))
    network.close()
    assert all("(make deploy SYSTEM=endpoints)" in one.fix for one in found("routes"))
    given = network.parameters_of_endpoints()
    account.client("cloudformation").create_stack(
        StackName="hydra-endpoints",
        TemplateBody=json.dumps(emitted()["endpoints/template"]),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    made = network.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert {one["ServiceName"].removeprefix("com.amazonaws.us-east-1.") for one in made} == {*ENDPOINTS, "ssm"}
    assert levels(found("routes")) == levels(found("endpoints")) == {"ok"}


def test_endpoints_that_the_vpc_has_already(network: Network, project: Project, found: Found) -> None:
    """Or two in a zone, which AWS refuses."""
    project.build(system="endpoints")
    project.parameters = network.parameters_of_endpoints()
    project.give(EndpointSubnets=",".join([*network.private, network.public[0]]))
    there = [network.endpoint(service) for service in ("logs", "s3", "sts")]
    assert [one.said for one in found("endpoints")] == [
        f"LogsEndpoint: the VPC has {there[0]} for com.amazonaws.us-east-1.logs",
        f"S3Endpoint: the VPC has {there[1]} for com.amazonaws.us-east-1.s3",
    ]
    said = {one.said for one in found("subnets") if one.level == "fault"}
    assert said == {"SecretsmanagerEndpoint takes one subnet a zone, and has more"}


def test_a_gateway_endpoint_counts_where_the_subnets_have_its_table(network: Network, found: Found) -> None:
    network.close()
    for service in ENDPOINTS:
        if service != "s3":
            network.endpoint(service)
    network.ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[network.public_table],
    )
    assert {one.said.rpartition(" for ")[2] for one in found("routes")} == {"s3"}


def test_an_internet_gateway_is_a_way_out_for_what_has_a_public_address(
    network: Network, project: Project, found: Found
) -> None:
    project.give(**dict.fromkeys(("ComputeEnvironmentSubnets", "EcsServiceSubnets"), ",".join(network.public)))
    tasks, environments = "Mlflow/TaskDeployment/Service", "Batch/Batch/MlComputeEnvironment"
    assert {one.said.split()[0].rstrip(",") for one in found("routes")} == {tasks, environments}
    for subnet in network.public:
        network.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert {one.said.split()[0] for one in found("routes")} == {tasks}


def test_job_definitions_read_the_parameter_store(network: Network, project: Project, found: Found) -> None:
    project.build(with_batch(DEFAULT, job_definitions=WHOLE.batch.job_definitions[:1]))
    network.close()
    for service in ENDPOINTS:
        network.endpoint(service)
    assert {one.said.rpartition(" for ")[2] for one in found("routes")} == {"ssm"}


def test_a_login_takes_a_way_to_the_identity_provider(network: Network, project: Project, found: Found) -> None:
    """P57."""
    project.build(with_mlflow(DEFAULT, auth="oidc"))
    assert "warning" not in levels(found("routes"))
    network.close()
    (one,) = (one for one in found("routes") if one.level == "warning")
    assert "asks the identity provider" in one.said


def test_an_endpoint_that_lets_nobody_in(network: Network, found: Found) -> None:
    """With a NAT too: the endpoint takes all that is meant for its service."""
    endpoint = network.endpoint("ecr.api", source="192.168.0.0/16")
    network.endpoint("logs")
    faults = [one for one in found("endpoints") if one.level == "fault"]
    assert [one.said for one in faults] == [
        f"{endpoint} (com.amazonaws.us-east-1.ecr.api) lets nothing in from {subnet}" for subnet in network.private
    ]
    assert faults[0].fix.endswith("--protocol tcp --port 443 --cidr 10.0.2.0/24")

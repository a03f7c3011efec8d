"""What samconfig.toml names: taken already, not there, not offered, not valid."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from commands.preflight import certificate
from commands.preflight.ground import Ground
from commands.preflight.names import names
from templates_py.settings import ComputeEnvironment, JobQueue
from tests.commands.preflight.account import Network
from tests.commands.preflight.conftest import Fault, Found, Project, image_in
from tests.emitted import DEFAULT, with_batch

pytestmark = pytest.mark.slow

Plant = Callable[[boto3.Session, Network], Any]


def a_queue(session: boto3.Session, _: Network) -> None:
    batch = session.client("batch")
    account = session.client("sts").get_caller_identity()["Account"]
    environment = batch.create_compute_environment(
        computeEnvironmentName="other", type="UNMANAGED", serviceRole=f"arn:aws:iam::{account}:role/deployer"
    )["computeEnvironmentArn"]
    order: Any = [{"order": 1, "computeEnvironment": environment}]
    batch.create_job_queue(jobQueueName="taken", priority=1, state="ENABLED", computeEnvironmentOrder=order)


TAKEN: dict[str, tuple[str, Plant]] = {
    "LbName": (
        "ElasticLoadBalancingV2 LoadBalancer",
        lambda session, network: session.client("elbv2").create_load_balancer(Name="taken", Subnets=network.private),
    ),
    "LbTargetGroup": (
        "ElasticLoadBalancingV2 TargetGroup",
        lambda session, network: session.client("elbv2").create_target_group(
            Name="taken", Protocol="HTTP", Port=80, VpcId=network.vpc
        ),
    ),
    "CloudwatchLogGroup": (
        "Logs LogGroup",
        lambda session, _: session.client("logs").create_log_group(logGroupName="taken"),
    ),
    "LambdaServiceRoleName": (
        "IAM Role",
        lambda session, _: session.client("iam").create_role(RoleName="taken", AssumeRolePolicyDocument="{}"),
    ),
    "MlflowContainerRepository": (
        "ECR Repository",
        lambda session, _: session.client("ecr").create_repository(repositoryName="taken"),
    ),
    "BatchUsernameSecretName": (
        "SecretsManager Secret",
        lambda session, _: session.client("secretsmanager").create_secret(Name="taken", SecretString="x"),
    ),
    "TableSetupScriptBucketName": (
        "S3 Bucket",
        lambda session, _: session.client("s3").create_bucket(Bucket="taken"),
    ),
    "BatchRdsSubnetGroupName": (
        "RDS DBSubnetGroup",
        lambda session, network: session.client("rds").create_db_subnet_group(
            DBSubnetGroupName="taken", DBSubnetGroupDescription="x", SubnetIds=network.private
        ),
    ),
    "MlflowBackendStoreIdentifier": (
        "RDS DBInstance",
        lambda session, _: session.client("rds").create_db_instance(
            DBInstanceIdentifier="taken", DBInstanceClass="db.t4g.small", Engine="mysql"
        ),
    ),
    "MlflowSg": (
        "EC2 SecurityGroup",
        lambda session, network: network.ec2.create_security_group(
            VpcId=network.vpc, GroupName="taken", Description="x"
        ),
    ),
    "MlflowServerCluster": (
        "ECS Cluster",
        lambda session, _: session.client("ecs").create_cluster(clusterName="taken"),
    ),
    "NamePrefix": ("Batch JobQueue", a_queue),
}


def test_names_that_are_taken(account: boto3.Session, network: Network, project: Project, found: Found) -> None:
    """P62, P68: one of each kind, beside some that are free; a queue's is made of two parts."""
    project.build(with_batch(DEFAULT, job_queues=[JobQueue(name="ken", compute_environment="ml")]))
    for _, plant in TAKEN.values():
        plant(account, network)
    project.give(**dict.fromkeys(TAKEN, "taken"))
    project.give(NamePrefix="ta", BatchPasswordSecretName="free", MlflowArtifactStore="free")
    outcomes = found("names")
    said = [one.said for one in outcomes if one.level == "fault"]
    assert {one.split(": ")[1] for one in said} == {
        f"{what} taken is there, and not of hydra" for what, _ in TAKEN.values()
    }
    assert [one.said for one in outcomes if one.level == "ok"] == ["3 that are given are free"]


def test_a_bucket_of_another_account(project: Project) -> None:
    """S3 lets nobody look at it, and says where it is. Stubbed: moto lets everybody look at every bucket."""
    project.give(MlflowArtifactStore="somebody-elses")
    ground = Ground(project.configuration)
    with Stubber(ground.client("s3")) as s3:
        for headers in ({"x-amz-bucket-region": "eu-west-1"}, {}):
            answer: Any = {"HTTPHeaders": headers}
            s3.add_client_error("head_bucket", "403", "Forbidden", http_status_code=403, response_meta=answer)
        first, second = (next(one for one in names(ground) if one.level != "ok") for _ in "ab")
    assert first.said == "Mlflow/Storage/ArtifactStore: the bucket somebody-elses is there, and not ours to see"
    assert second.said.endswith("not checked: it takes the permission s3:ListBucket")
    assert (first.level, second.level) == ("fault", "warning")


def test_a_name_in_route_53(account: boto3.Session, project: Project, found: Found) -> None:
    """Told before the load balancer is made, not after. A mail server of that name is in nobody's way."""
    route53 = account.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"]

    def record(kind: Any, value: str) -> None:
        made: Any = {"Name": "mlflow.example.com", "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": made}]}
        )

    project.give(HostedZoneId=zone.rpartition("/")[2], DomainName="mlflow.example.com")
    record("MX", "10 mail.example.com")
    assert {one.level for one in found("names")} == {"ok"}
    record("A", "192.0.2.1")
    (one,) = (one for one in found("names") if one.level == "fault")
    assert one.said.startswith("Mlflow/LoadBalancing/Record: Route53 RecordSet mlflow.example.com is there")


def test_a_secret_that_waits_for_its_deletion(account: boto3.Session, project: Project, fault: Fault) -> None:
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="old", SecretString="x")
    secrets.delete_secret(SecretId="old", RecoveryWindowInDays=7)
    project.give(MlflowPasswordSecretName="old")
    one = fault("names")
    assert one.said == "Mlflow/Secrets/PasswordSecret: the secret old waits for its deletion"
    assert one.fix == (
        "set MlflowPasswordSecretName in samconfig.toml, or "
        "aws secretsmanager delete-secret --force-delete-without-recovery --secret-id old"
    )


def test_names_of_the_stack_itself_are_not_taken(
    account: boto3.Session, network: Network, project: Project, found: Found
) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/ours/it"}}
    about = {"GroupName": "ours", "GroupDescription": "x", "VpcId": network.vpc}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "ours-too", "AssumeRolePolicyDocument": {}}}
    security_group = {"Type": "AWS::EC2::SecurityGroup", "Properties": about}
    body = json.dumps({"Resources": {"Group": group, "Role": role, "SecurityGroup": security_group}})
    account.client("cloudformation").create_stack(StackName="hydra", TemplateBody=body)
    project.give(CloudwatchLogGroup="/ours/it", MlflowSg="ours", MlflowEcsTasksRole="ours-too")
    assert {one.level for one in found("names")} == {"ok"}


def test_a_parameter_that_the_template_does_not_have(project: Project, fault: Fault) -> None:
    project.give(DbInstanceClass="db.t4g.small")
    assert fault("parameters").said == "DbInstanceClass: unknown parameter, did you mean BatchDbInstanceClass?"


def test_a_parameter_without_a_value(project: Project, fault: Fault) -> None:
    del project.parameters["LbSubnets"]
    one = fault("parameters")
    assert one.said == "no value for LbSubnets"
    assert one.fix.endswith("samconfig.toml, [default.deploy.parameters] parameter_overrides")


ARN = "arn:aws:secretsmanager:{region}:123456789012:secret:x-AbCdEf"
GONE = {
    "BatchExistingUsernameSecret": (ARN.format(region="us-east-1"), "there is no secret"),
    "MlflowExistingPasswordSecret": (ARN.format(region="eu-west-1"), "is in eu-west-1, and the stack in us-east-1"),
    "PermissionsBoundary": ("arn:aws:iam::aws:policy/Nothing", "there is no policy"),
    "EcsTaskIamPolicyArn": ("arn:aws:iam::123456789012:policy/mine", "there is no policy"),
    "ExistingArtifactStore": ("nobodys-bucket", "there is no bucket nobodys-bucket"),
    "ExistingContainerRepository": ("nothing", "there is no repository nothing in us-east-1"),
    "LambdaSecurityGroupIds": ("sg-0123456789abcdef0", "there is no security group sg-0123456789abcdef0"),
    "HostedZoneId": ("Z0123456789", "there is no hosted zone Z0123456789"),
    "BatchDbSnapshotIdentifier": ("last", "there is no snapshot last"),
    "KmsKeyArn": ("arn:aws:kms:us-east-1:123456789012:key/x", "there is no key arn:aws:kms:"),
}


def test_what_is_named_and_is_not_there(project: Project, found: Found) -> None:
    project.give(**{name: value for name, (value, _) in GONE.items()}, DomainName="mlflow.example.com")
    said = {one.said.partition(": ")[0]: one.said for one in found("what is given") if one.level == "fault"}
    assert said.keys() == GONE.keys()
    for name, (_, expected) in GONE.items():
        assert expected in said[name]


def test_what_is_named_and_is_there(account: boto3.Session, network: Network, project: Project, found: Found) -> None:
    group = network.ec2.create_security_group(VpcId=network.vpc, GroupName="more", Description="x")["GroupId"]
    zone = account.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"]
    rds = account.client("rds")
    rds.create_db_instance(DBInstanceIdentifier="old", DBInstanceClass="db.t4g.small", Engine="mysql")
    rds.create_db_snapshot(DBInstanceIdentifier="old", DBSnapshotIdentifier="last")
    project.give(
        BatchExistingUsernameSecret=account.client("secretsmanager").create_secret(Name="x", SecretString="y")["ARN"],
        LbSecurityGroups=group,
        HostedZoneId=zone.rpartition("/")[2],
        DomainName="mlflow.example.com",
        BatchDbSnapshotIdentifier="last",
    )
    assert [one.said for one in found("what is given")] == ["4 values name something, which was looked for"]
    elsewhere = network.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    other = network.ec2.create_security_group(VpcId=elsewhere, GroupName="other", Description="x")["GroupId"]
    project.give(DomainName="mlflow.example.org", LbSecurityGroups=other)
    assert {one.said for one in found("what is given") if one.level == "fault"} == {
        "DomainName = mlflow.example.org is no name of zone example.com",
        f"LbSecurityGroups: {other} is of {elsewhere}, not of {network.vpc}",
    }


def test_a_key(account: boto3.Session, project: Project, found: Found) -> None:
    kms = account.client("kms")

    def look(arn: str) -> list[str]:
        project.give(KmsKeyArn=arn)
        return [one.said.replace(arn, "it") for one in found("what is given") if one.level == "fault"]

    made = kms.create_key()["KeyMetadata"]
    arn, identifier = made["Arn"], made["KeyId"]
    assert look(arn) == []
    assert look(arn.replace("us-east-1", "eu-west-1")) == ["KmsKeyArn: it is in eu-west-1, and the stack in us-east-1"]
    kms.disable_key(KeyId=identifier)
    assert look(arn) == ["KmsKeyArn: it is Disabled"]
    kms.schedule_key_deletion(KeyId=identifier)
    assert look(arn) == ["KmsKeyArn: it is PendingDeletion"]
    pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    assert look(pair) == ["KmsKeyArn: it is a key of RSA_2048: expected SYMMETRIC_DEFAULT"]


def test_a_snapshot_of_another_key(account: boto3.Session, project: Project, found: Found) -> None:
    """Its database would have that too; of one that was restored already, nothing is said (P77)."""
    rds, kms = account.client("rds"), account.client("kms")
    ours, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    about: Any = {"DBInstanceClass": "db.t4g.small", "Engine": "mysql", "StorageEncrypted": True}
    for name, key in (("ours", ours), ("other", other)):
        rds.create_db_instance(DBInstanceIdentifier=name, KmsKeyId=key, **about)
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"of-{name}")
    project.give(KmsKeyArn=ours, BatchDbSnapshotIdentifier="of-ours", MlflowDbSnapshotIdentifier="of-other")
    (one,) = (one for one in found("what is given") if one.level != "ok")
    assert (one.level, one.said) == (
        "warning",
        f"MlflowDbSnapshotIdentifier: snapshot of-other is encrypted by {other}, and so will its database be",
    )
    assert f"copy-db-snapshot --kms-key-id {ours} " in one.fix
    topic = {"One": {"Type": "AWS::SNS::Topic"}}
    body = json.dumps({"Parameters": {"MlflowDbSnapshotIdentifier": {"Type": "String"}}, "Resources": topic})
    given: Any = [{"ParameterKey": "MlflowDbSnapshotIdentifier", "ParameterValue": "of-other"}]
    account.client("cloudformation").create_stack(StackName="hydra", TemplateBody=body, Parameters=given)
    assert [one.level for one in found("what is given")] == ["ok"]


def a_certificate(session: boto3.Session, name: str, days: int = 365) -> str:
    """Import a certificate for a name, and return its ARN."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, begin, begin + timedelta(days=days))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
    signed = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return session.client("acm").import_certificate(
        Certificate=signed.public_bytes(pem),
        PrivateKey=key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain),
    )["CertificateArn"]


def test_a_certificate(account: boto3.Session, project: Project, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(arn: str, domain: str = "mlflow.example.com") -> tuple[str, str]:
        project.give(CertificateArn=arn, DomainName=domain)
        (one,) = found("certificate")
        return one.level, one.said.removeprefix(arn).strip()

    arn = a_certificate(account, "*.example.com")
    assert look(arn)[0] == "ok"
    assert look(arn, "")[0] == "ok"
    assert look(arn, "a.mlflow.example.com") == ("fault", "is for *.example.com, not for a.mlflow.example.com")
    assert look(arn.replace("us-east-1", "eu-west-1"))[1].startswith("is not of us-east-1")
    assert look(arn[:-6] + "abcdef") == ("fault", f"there is no {arn[:-6]}abcdef")
    pending = account.client("acm").request_certificate(DomainName="x.example.com", ValidationMethod="DNS")
    assert look(pending["CertificateArn"]) == ("fault", "is PENDING_VALIDATION")
    soon = a_certificate(account, "mlflow.example.com", days=20)
    level, said = look(soon)
    assert (level, said.startswith("expires on "), said.endswith("does not renew itself")) == ("warning", True, True)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=21)

    monkeypatch.setattr(certificate, "datetime", Later)  # moto imports none that has expired
    assert look(soon)[1].startswith("expired on ")


def test_what_rds_does_not_offer(project: Project, network: Network, found: Found) -> None:
    """P73. Which is made up: moto knows it of Aurora and Neptune alone."""
    project.give(BatchDbEngineVersion="8.4.9", MlflowDbInstanceClass="db.t2.small", MlflowMultiAz="true")
    first, second = (one for one in found("databases") if one.level == "fault")
    assert first.said == "Batch/Database/Instance: mysql 8.4.9 is not offered in us-east-1"
    assert first.fix == "set BatchDbEngineVersion in samconfig.toml, such as 8.4.10, 8.4.11"
    assert second.said == "Mlflow/Database/Instance: db.t2.small is not offered for mysql 8.4.11 in us-east-1"
    assert second.fix.startswith("set MlflowDbInstanceClass in samconfig.toml, such as db.t4g.small, ")
    project.give(BatchDbEngineVersion="8.4.11", BatchStorageType="gp2", MlflowDbInstanceClass="db.t4g.micro")
    first, second = (one for one in found("databases") if one.level == "fault")
    assert "no storage of type gp2" in first.said
    assert "no standby" in second.said


def test_a_database_that_stands_goes_on(account: boto3.Session, project: Project, found: Found) -> None:
    about = {"DBInstanceClass": "db.t2.small", "Engine": "mysql", "AllocatedStorage": "20"}
    instance = {"Type": "AWS::RDS::DBInstance", "Properties": about}
    body = json.dumps({"Resources": {"One": instance, "Other": instance}})
    account.client("cloudformation").create_stack(StackName="hydra", TemplateBody=body)
    project.give(BatchDbInstanceClass="db.t2.small")
    assert [one.level for one in found("databases")] == ["warning", "ok"]


def test_instances_that_are_not_offered(project: Project, network: Network, found: Found) -> None:
    unknown = [
        ComputeEnvironment(name=name, instance_type=types)
        for name, types in (("a", ["x99"]), ("b", ["p4d", "m5.large"]))
    ]
    project.build(with_batch(DEFAULT, compute_environments=unknown, job_queues=[]))
    rare = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.7.0/24", AvailabilityZone="us-east-1e")
    project.give(ComputeEnvironmentSubnets=rare["Subnet"]["SubnetId"])
    said = [one.said for one in found("instance types") if one.level == "fault"]
    assert said[0] == "Batch/Batch/AComputeEnvironment: x99 is not offered in us-east-1"
    assert said[1].startswith(
        "Batch/Batch/BComputeEnvironment: p4d is not offered in the zones of its subnets, but in "
    )


def test_an_image(account: boto3.Session, project: Project, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    account.client("ecr").create_repository(repositoryName="ours")
    image_in(account, "ours", "one")
    project.give(ExistingContainerRepository="ours", ImageTag="one")
    assert [str(one) for one in found("image")] == ["ok       image                 one is in ours"]
    project.give(ImageTag="two")
    (one,) = found("image")
    assert (one.level, one.said) == ("fault", "ImageTag = two is not in ours: its tasks would not start")
    project.give(ExistingContainerRepository="")
    first, second = found("image")
    assert (first.level, second.level) == ("warning", "ok")
    monkeypatch.setenv("BUILDER", "/nowhere/podman")
    project.give(ImageTag="")
    (one,) = found("image")
    assert (one.level, one.fix) == ("fault", "BUILDER: /nowhere/podman does not work here: not installed")

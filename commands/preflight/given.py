"""What the parameters name must be there: secrets, policies, buckets, a repository, groups, a zone, a snapshot, key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from commands.asking import unknown
from commands.preflight.ground import Ground
from commands.preflight.keys import key as kms_key
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning
from commands.preflight.uses import vpc_id
from commands.preflight.values import UNKNOWN

GROUPS = re.compile("SecurityGroups$|SecurityGroupIds$")
# By the parameter's name, or with its system's before it, and by the ARN: how to ask for it.
Look = Callable[[Ground, str, str], Iterator[Outcome]]


def parameters(ground: Ground) -> Iterator[Outcome]:
    """No value and no default stops a deployment; so does an unknown name, which `sam deploy` passes over."""
    missing = [name for name, value in ground.parameters.items() if value is UNKNOWN]
    if missing:
        where = f"[{ground.configuration.environment}.deploy.parameters] parameter_overrides"
        yield fault(f"no value for {', '.join(missing)}", f"set them in {ground.configuration.path}, {where}")
    for name in ground.configuration.parameters.keys() - ground.asked.keys():
        yield fault(unknown(name, ground.asked), "docs/parameters.md has those there are")


def given(ground: Ground) -> Iterator[Outcome]:
    looked = 0
    for name, value in ground.parameters.items():
        for one in value if isinstance(value, list) else [value]:
            look = _look(name, one) if isinstance(one, str) and one else None
            if not look:
                continue
            looked += 1
            try:
                yield from look(ground, name, one)
            except NotCheckedError as error:
                yield warning(f"{name} = {one}: {error}")
    if looked:
        yield ok(f"{looked} values name something, which was looked for")


def _look(name: str, value: str) -> Look | None:
    by_arn = {":secretsmanager:": _secret, ":policy/": _policy, ":kms:": kms_key}
    if value.startswith("arn:"):
        return next((look for part, look in by_arn.items() if part in value), None)
    by_name: dict[str, Look] = {
        "ExistingTableSetupScriptBucket": _bucket,
        "ExistingArtifactStore": _bucket,
        "ExistingContainerRepository": _repository,
        "HostedZoneId": _zone,
        "DbSnapshotIdentifier": _snapshot,
    }
    if GROUPS.search(name):
        return _group
    return next((look for end, look in by_name.items() if name.endswith(end)), None)


def _secret(ground: Ground, name: str, arn: str) -> Iterator[Outcome]:
    region = arn.split(":")[3]
    if region != ground.region:
        yield fault(f"{name}: {arn} is in {region}, and the stack in {ground.region}", "give one of this Region")
        return
    found = ground.call("secretsmanager", "describe_secret", ("ResourceNotFoundException",), SecretId=arn)
    if not found:
        yield fault(f"{name}: there is no secret {arn}", "aws secretsmanager list-secrets shows those there are")
    elif found.get("DeletedDate"):
        yield fault(f"{name}: {arn} waits for its deletion", f"aws secretsmanager restore-secret --secret-id {arn}")


def _policy(ground: Ground, name: str, arn: str) -> Iterator[Outcome]:
    if not ground.call("iam", "get_policy", ("NoSuchEntity",), PolicyArn=arn):
        yield fault(f"{name}: there is no policy {arn}", "aws iam list-policies shows those there are")


def _bucket(ground: Ground, name: str, bucket: str) -> Iterator[Outcome]:
    found = ground.call("s3", "head_bucket", ("404", "NoSuchBucket"), Bucket=bucket)
    if not found:
        yield fault(f"{name}: there is no bucket {bucket}", f"aws s3 mb s3://{bucket}, or another name")


def _repository(ground: Ground, name: str, repository: str) -> Iterator[Outcome]:
    missing = ("RepositoryNotFoundException",)
    if not ground.call("ecr", "describe_repositories", missing, repositoryNames=[repository]):
        command = f"aws ecr create-repository --repository-name {repository}"
        yield fault(f"{name}: there is no repository {repository} in {ground.region}", command)


def _group(ground: Ground, name: str, group: str) -> Iterator[Outcome]:
    within = [{"Name": "group-id", "Values": [group]}]
    found = ground.rows("ec2", "describe_security_groups", "SecurityGroups", Filters=within)
    if not found:
        yield fault(f"{name}: there is no security group {group}", f"set {name} in samconfig.toml")
    elif (vpc := vpc_id(ground)) and found[0]["VpcId"] != vpc:
        yield fault(f"{name}: {group} is of {found[0]['VpcId']}, not of {vpc}", f"set {name} in samconfig.toml")


def _zone(ground: Ground, name: str, zone: str) -> Iterator[Outcome]:
    found = ground.call("route53", "get_hosted_zone", ("NoSuchHostedZone",), Id=zone)
    if not found:
        yield fault(f"{name}: there is no hosted zone {zone}", "aws route53 list-hosted-zones shows those there are")
        return
    apex, domain = found["HostedZone"]["Name"].rstrip("."), str(ground.parameters.get("DomainName", ""))
    if domain != apex and not domain.endswith(f".{apex}"):
        yield fault(f"DomainName = {domain} is no name of zone {apex}", f"set DomainName, or {name}, in samconfig.toml")


def _snapshot(ground: Ground, name: str, snapshot: str) -> Iterator[Outcome]:
    if name in ground.kept and ground.kept[name] == snapshot:  # restored already, its name only stays there (P77)
        return
    missing = ("DBSnapshotNotFound", "DBSnapshotNotFoundFault")
    found = ground.call("rds", "describe_db_snapshots", missing, DBSnapshotIdentifier=snapshot)
    if not found.get("DBSnapshots"):
        yield fault(f"{name}: there is no snapshot {snapshot}", "aws rds describe-db-snapshots shows those there are")
    elif (status := found["DBSnapshots"][0]["Status"]) != "available":
        yield fault(f"{name}: snapshot {snapshot} is {status}", "wait until it is available")
    elif (key := ground.parameters.get("KmsKeyArn")) and (own := found["DBSnapshots"][0].get("KmsKeyId")) != key:
        copy = f"aws rds copy-db-snapshot --kms-key-id {key} --source-db-snapshot-identifier {snapshot}"
        said = f"{name}: snapshot {snapshot} is encrypted by {own or 'no key'}, and so will its database be"
        yield warning(said, f"give a copy of it: {copy} --target-db-snapshot-identifier NAME")

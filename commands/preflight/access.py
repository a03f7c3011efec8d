"""What the deploying identity may do, of what the templates' resources take.

CloudFormation acts by the identity, or by the role that `role_arn` names. The actions are those of the resource
schemas that cfn-lint ships: each handler says what it may call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from commands.preflight.built import Resource
from commands.preflight.ground import Ground
from commands.preflight.named import NAMES
from commands.preflight.outcome import NotCheckedError, Outcome, fault, warning

# What makes a resource of a type, where that is no verb before the type's own name.
MAKES = {
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "elasticloadbalancing:CreateRule",
    "AWS::Route53::RecordSet": "route53:ChangeResourceRecordSets",
}
VERBS = ("Create", "Put", "Register", "Authorize")
SCHEMAS = {"AWS::Serverless::Function": "AWS::Lambda::Function"}  # what SAM's transform makes of it
# Policies often name resources by the stack's name, which generated names begin with; where none is here, any will do.
ARNS = {
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{name}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{name}",
    "AWS::IAM::InstanceProfile": "iam::{account}:instance-profile/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}",
    "AWS::RDS::DBInstance": "rds:{region}:{account}:db:{name}",
    "AWS::RDS::DBParameterGroup": "rds:{region}:{account}:pg:{name}",
    "AWS::RDS::DBSubnetGroup": "rds:{region}:{account}:subgrp:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::S3::BucketPolicy": "s3:::{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}",
    "AWS::CloudFormation::Stack": "cloudformation:{region}:{account}:stack/{name}/x",
}
FIX = "attach a policy that allows it, or deploy by a role that may (role_arn in samconfig.toml)"


TOLD = 8  # of what may be needed
AT_ONCE = 4


class Simulation:
    """What IAM says that the deploying identity may do. It raises NotCheckedError where that may not be asked."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self.principal = ground, _principal(ground)

    def denied(self, actions: list[str], arn: str = "*", context: Mapping[str, str] | None = None) -> list[str]:
        """Return those of the actions that it may not do to a resource; none where nobody denies root anything."""
        if self.principal.endswith(":root"):
            return []
        entries = {"aws:RequestedRegion": self._ground.region, **(context or {})}
        rows = self._ground.rows(
            "iam",
            "simulate_principal_policy",
            "EvaluationResults",
            PolicySourceArn=self.principal,
            ActionNames=actions,
            ResourceArns=[arn],
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in entries.items()
            ],
        )
        return [one["EvalActionName"] for one in rows if one["EvalDecision"] != "allowed"]


def permissions(ground: Ground) -> Iterator[Outcome]:
    """What makes a resource must be allowed; of the rest that a handler may call, a denial is a warning."""
    simulation = Simulation(ground)
    makes: dict[tuple[str, str], str] = {}
    by_arn: dict[str, set[str]] = defaultdict(set)
    for resource in ground.resources:
        if actions := _actions(resource):
            arn = _arn(ground, resource)
            makes.setdefault((arn, actions[0]), resource.path)
            by_arn[arn].update(actions)
    making = {action for _, action in makes}
    used = {action.partition(":")[0] for action in making}  # the other services are for what is not used here
    asked = {arn: sorted(one for one in some if one.partition(":")[0] in used) for arn, some in by_arn.items()}

    def look(arn: str) -> list[tuple[str, str]]:
        try:
            denied = simulation.denied(asked[arn], arn)
        except NotCheckedError:  # IAM refuses all of them for one that it does not know: then what matters most
            denied = simulation.denied([action for one, action in makes if one == arn], arn)
        return [(arn, action) for action in denied]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        denied = {pair for answer in pool.map(look, asked) for pair in answer}
    for arn, action in sorted(denied & makes.keys()):
        yield fault(f"{simulation.principal} may not {action}, which makes {makes[arn, action]}", FIX)
    if further := sorted({action for _, action in denied} - making):
        more = f" and {len(further) - TOLD} more" if len(further) > TOLD else ""
        said = f"{simulation.principal} may not {', '.join(further[:TOLD])}{more}"
        yield warning(f"{said}: CloudFormation calls some of it at times", FIX)


def _principal(ground: Ground) -> str:
    """Return the ARN of the user or role whose policies count."""
    role = ground.description.get("RoleARN") or ground.configuration.deploy.get("role_arn")
    if role:
        return str(role)
    if ":assumed-role/" not in ground.identity:
        return ground.identity
    name = ground.identity.split("/")[1]
    return str(ground.call("iam", "get_role", RoleName=name)["Role"]["Arn"])  # with its path


def _actions(resource: Resource) -> list[str]:
    """Return what its handler may call to make it, and first what makes it."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # half a second, that no other command should pay

    kind = SCHEMAS.get(resource.type, resource.type)
    if not kind.startswith("AWS::"):
        return ["lambda:InvokeFunction"]  # a custom resource: by the function behind it
    schema: Any = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    said = schema.get("handlers", {}).get("create", {}).get("permissions", [])
    split = (action.partition(":") for action in said)
    actions = [
        f"{service.lower()}:{verb}" for service, _, verb in split if verb.isalnum()
    ]  # s3:REST.PUT.OBJECT is none
    named = {f"{verb}{kind.rpartition('::')[2]}" for verb in VERBS}
    makes = MAKES.get(kind) or next((action for action in actions if action.partition(":")[2] in named), None)
    if makes is None:  # a type that says nothing of it
        return []
    return [makes, *(action for action in dict.fromkeys(actions) if action != makes)]


def _arn(ground: Ground, resource: Resource) -> str:
    kind = SCHEMAS.get(resource.type, resource.type)
    if kind not in ARNS:
        return "*"
    given = resource.get(NAMES[resource.type].property) if resource.type in NAMES else None
    name = given or f"{ground.stack.name}-x"
    return f"arn:{ground.partition}:" + ARNS[kind].format(region=ground.region, account=ground.account, name=name)

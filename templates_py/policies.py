"""IAM documents and roles, with awacs: what each stack that makes a role says about it is only who and what for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs.aws import Action, Allow, Bool, Condition, Deny, PolicyDocument, Principal, Statement
from awacs.sts import AssumeRole
from troposphere import Join, NoValue, Partition, Sub, iam

from templates_py.inputs import STRING, STRINGS, Input, Like, Value, asked, name, optional

if TYPE_CHECKING:
    from troposphere import AWSHelperFn

PATH = Like("/|/[!-~]+/", "a path that begins and ends with a slash")
ROLE_NAME = Like(r"[\w+=,.@-]{1,64}", "an IAM role name of 1 to 64 characters")
POLICY = Like("arn:.+", "the ARN of a policy")
POLICIES = Like("arn:[^,]+", "ARNs of managed policies, with commas between them")


def role_path() -> Input:
    """The row of the IAM path of every role."""
    return asked(STRING, "/", "IAM path of every role", like=PATH)


def permissions_boundary() -> Input:
    """The row of the permissions boundary of every role."""
    return optional(STRING, "ARN of the permissions boundary of every role", POLICY)


def role_name(of: str) -> Input:
    """The row that names a role."""
    return name(f"IAM name of {of}", ROLE_NAME)


def policy_arns(of: str) -> Input:
    """The row of further managed policies of a role."""
    return optional(STRINGS, f"ARNs of further IAM policies attached to {of}", POLICIES)


def managed(policy: str) -> Sub:
    """The ARN of one of AWS's managed policies, such as `service-role/AWSBatchServiceRole`."""
    return Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{policy}")


def allow(*actions: Action, on: list[Any], **more: Any) -> Statement:
    """Allow `actions` on the resources `on`."""
    return Statement(Effect=Allow, Action=list(actions), Resource=on, **more)


def document(*statements: Statement) -> PolicyDocument:
    """A policy document of `statements`."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def attached(title: str, stack: Any, roles: Any, *statements: Statement, **more: Any) -> iam.ManagedPolicy:
    """A policy of roles, or of none yet. It is managed: it has versions, and stands where a company looks for them.

    The stack asks for `role_path`.
    """
    said = document(*statements)
    return iam.ManagedPolicy(title, Path=stack.role_path, Roles=roles, PolicyDocument=said, **more)


def role(
    title: str,
    stack: Any,
    service: str,
    role_name: Value | None = None,
    policy_arns: Value | None = None,
    base: tuple[AWSHelperFn, ...] = (),
    **more: Any,
) -> iam.Role:
    """A role that `service` (ecs-tasks, lambda, ...) alone assumes.

    What it may do, `attached` says; `base` are AWS's policies that it always has, `policy_arns` those that a person
    adds. The stack asks for `role_path` and `permissions_boundary`.
    """
    trust = Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", [f"{service}.amazonaws.com"]))
    arns = policy_arns.besides(*base) if policy_arns else list(base) or NoValue
    return iam.Role(
        title,
        RoleName=role_name.or_none if role_name else NoValue,
        Path=stack.role_path,
        PermissionsBoundary=stack.permissions_boundary.or_none,
        AssumeRolePolicyDocument=document(trust),
        ManagedPolicyArns=arns,
        **more,
    )


def tls_only(*resources: Any) -> Statement:
    """Deny whatever does not come over TLS."""
    return Statement(
        Effect=Deny,
        Action=[Action("s3", "*")],
        Resource=list(resources),
        Principal=Principal("*"),
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )


def arn(service: str, resource: Any) -> Join:
    """The ARN of `resource` of a global service such as S3."""
    return Join(":", ["arn", Partition, service, "", "", resource])

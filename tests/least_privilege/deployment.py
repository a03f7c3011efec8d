"""A deployment of the emitted templates as IAM sees it: whose roles they are, and what their policies say, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates_py.review.functions import FUNCTIONS as INTRINSIC
from templates_py.review.functions import without_nothing
from templates_py.review.relations.identity import actors, job_roles, roles, statements
from templates_py.review.relations.view import BUCKET, ENVIRONMENT, FUNCTIONS, JOB, SECRET, TASK, of
from templates_py.review.scope import Resource
from templates_py.review.transitions import templates
from templates_py.review.tree import defaults, flatten
from templates_py.settings import Settings
from tests.least_privilege.grants import Grant, grants_of

REGION, ACCOUNT = "us-east-1", "123456789012"  # moto's
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "hydra",
    "AWS::URLSuffix": "amazonaws.com",
}
HERE = f"{REGION}:{ACCOUNT}"
ATTRIBUTES = {
    ("AWS::Logs::LogGroup", "Arn"): f"arn:aws:logs:{HERE}:log-group:%s:*",
    ("AWS::ECR::Repository", "Arn"): f"arn:aws:ecr:{HERE}:repository/%s",
    ("AWS::ECR::Repository", "RepositoryUri"): f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/%s",
}
# Where a role is given to what acts by it -> what it is. The jobs' roles are told by an output, for whoever registers a
# definition; an instance's may be one of them.
SLOTS = {
    **{(kind, "Role"): "function" for kind in FUNCTIONS},
    (TASK, "TaskRoleArn"): "task",
    (TASK, "ExecutionRoleArn"): "execution",
    (JOB, "ExecutionRoleArn"): "job execution",
    ("AWS::IAM::InstanceProfile", "Roles"): "instance",
    (ENVIRONMENT, "ServiceRole"): "service",
}
ROLES = ("function", "task", "execution", "jobs", "job execution", "instance", "service")


class Deployment:
    """The root of both systems under settings, with an image.

    `secrets`: path -> the ARN that a secret has got; `key`: the ARN of a KMS key of one's own, where there is one.
    """

    def __init__(self, settings: Settings, secrets: Mapping[str, str] | None = None, **parameters: object) -> None:
        made = templates(settings)
        self.tree = flatten(made, "template", {**defaults(made, "template"), "ImageTag": "1", **parameters})
        self.secrets = secrets or {}
        self.key = str(parameters.get("KmsKeyArn", ""))

    def buckets(self) -> list[str]:
        return [_name(one.path) for one in of(self.tree, BUCKET)]

    def roles(self, kind: str) -> list[Resource]:
        """The roles of a kind: none, one, or one for each way that jobs run. A role is of one kind."""
        return [role for role in roles(self.tree) if self._kind(role) == kind]

    def _kind(self, role: Resource) -> str:
        if role.path in job_roles(self.tree):
            return "jobs"
        (kind,) = {SLOTS[one.type, place] for one, place in actors(self.tree, role)}
        return kind

    def grants(self, role: Resource) -> list[Grant]:
        """What the policies of a role say that stand in the templates."""
        said = [self.value(statement) for _, statement in statements(self.tree, role)]
        return [grant for statement in said for grant in grants_of(statement)]

    def managed(self, role: Resource) -> list[str]:
        """AWS's own policies that a role has besides."""
        return [arn.partition(":policy/")[2] for arn in self.value(role.properties.get("ManagedPolicyArns", []))]

    def value(self, node: Any) -> Any:
        """A value of the tree, with the names that things have got."""
        if isinstance(node, list):
            return without_nothing(map(self.value, node))
        if not isinstance(node, dict):
            return node
        if "Ref" in node:
            return PSEUDO.get(node["Ref"]) or self._named(node["Ref"])
        if "Fn::GetAtt" in node:
            return self._attribute(*node["Fn::GetAtt"])
        if len(node) == 1 and (function := next(iter(node))) in INTRINSIC:
            return INTRINSIC[function](self.value(node[function]))
        return {key: self.value(one) for key, one in node.items()}

    def _named(self, path: str) -> str:
        if self.tree.resources[path].type != SECRET:
            return _name(path)
        return self.secrets.get(path) or f"arn:aws:secretsmanager:{HERE}:secret:{_name(path)}-123456"

    def _attribute(self, path: str, attribute: str) -> str:
        shape = ATTRIBUTES.get((self.tree.resources[path].type, attribute), f"%s.{attribute}")
        return shape % _name(path)


def _name(path: str) -> str:
    return path.lower().replace("/", "-")

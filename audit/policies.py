"""The policies of a prepared template, with ARNs for its references: what scanners of policies read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from templates_py.review.scope import Body

REGION, ACCOUNT = "eu-west-1", "123456789012"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "hydra",
}
# What Ref says of a resource, and what GetAtt of its ARN.
REFS = {"AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{name}}-AbCdEf"}
ARNS = {
    "AWS::ECR::Repository": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{{name}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
}


def policies(template: Body) -> Iterator[tuple[str, Body]]:
    """Yield each policy of a role or for one: the resource that it stands in, and the document."""
    for name, made in template["Resources"].items():
        if made["Type"].startswith("AWS::IAM::"):
            properties = made["Properties"]
            inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            for document in [*inline, *filter(None, [properties.get("PolicyDocument")])]:
                yield name, _resolved(document, template["Resources"])


def _resolved(node: Any, resources: Body) -> Any:
    if isinstance(node, list):
        return [_resolved(item, resources) for item in node]
    if not isinstance(node, dict):
        return node
    if "Ref" in node:
        return PSEUDO.get(node["Ref"]) or _named(node["Ref"], resources, REFS, "{name}")
    if "Fn::GetAtt" in node:
        return _named(node["Fn::GetAtt"][0], resources, ARNS, "{name}")
    if "Fn::Sub" in node:
        return re.sub(r"\$\{([\w:.]+)\}", lambda part: _resolved(_reference(part[1]), resources), node["Fn::Sub"])
    if "Fn::Join" in node:
        return node["Fn::Join"][0].join(map(str, _resolved(node["Fn::Join"][1], resources)))
    return {key: _resolved(value, resources) for key, value in node.items()}


def _reference(name: str) -> Body:
    return {"Fn::GetAtt": name.split(".")} if "." in name else {"Ref": name}


def _named(name: str, resources: Body, forms: dict[str, str], other: str) -> str:
    return forms.get(resources.get(name, {}).get("Type", ""), other).format(name=name.lower())
